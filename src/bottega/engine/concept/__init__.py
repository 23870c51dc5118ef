"""Concept boards: flats, cloth, drape, palettes, looks, variations and painted rooms, by the designer's own example. Arrays in, arrays out.

The steps of a look, one module each: `flats` says which part a pixel belongs to; `cloth` makes a tileable cloth of a swatch's photo;
`drape` lays it on a part, following the folds at its real size; `palette` recolours; `look` puts it together under the untouched line;
`vary` makes a board of looks that differ in one thing. `room` paints other angles of a set in the hand of one, `numbers`
another label map in the hand of a painting, `reframe` what a wider or higher frame shows: all laid of the painting's own strokes by
`patchwork`.
"""
