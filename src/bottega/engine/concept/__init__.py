"""Concept boards: flats, cloth, drape, palettes, looks, variations and painted rooms, by the designer's own example. Arrays in, arrays out.

The steps of a look, one module each: `flats` says which part a pixel belongs to; `cloth` makes a tileable cloth of a swatch's photo, laid
straight by its repeats (`repeat`, `straighten`, `bend`); `drape` lays it on a part, following the folds at its real size; `edges` says
where it ends; `palette` finds colours and `dye` moves a cloth's to them; `look` puts it together under the untouched line. `vary` chooses
a board of looks that differ in one thing, from `choices`; `silhouette` takes a part from another drawing. `room` paints other angles of
a set in the hand of one, `numbers` another label map in the hand of a painting, `reframe` what a wider or higher frame shows: all laid of
the painting's own strokes by `patchwork`.
"""
