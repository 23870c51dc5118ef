"""What the ledger keeps of a picture beside its digest: layers, credentials, where it comes from. No names that a file holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bottega.model import Exemplar, Layer, MadeBy, Marks, UsageError, shown

if TYPE_CHECKING:
    from .state import State
    from .works import KnownExemplar

# The words of which Bottega itself makes the name of a layer. A part's or channel's own name may be a person's: it stays out.
_OURS = re.compile(
    r"part|channel|preview|page|element|stream|chunk|picture|pictures|with|alpha|inner|layers|of|a|paint|program|data|after|the|end"
    r"|half|float|uint32|video|audio|subtitle|attachment|rgb|rgba|beauty|delta|matte|credit|[RGBAYZ]|delta\.[RGB]"
    r"|credit\.(claim|x|y|id\d+|part\d+)|\d{1,3}"
)
_UNSAID = "*"


def facts_of(exemplar: Exemplar) -> dict[str, Any]:
    """The part of a registration that says what the file holds and where it comes from."""
    layers = None if exemplar.layers is None else [_public(layer).to_json() for layer in exemplar.layers]
    return {
        "layers": layers,
        "marks": exemplar.marks and exemplar.marks.to_json(),
        "made_by": exemplar.made_by and exemplar.made_by.to_json(),
        "derived_from": exemplar.derived_from,
    }


def read_facts(data: Mapping[str, Any]) -> dict[str, Any]:
    """The same, out of an entry; one written before these were kept has none of them."""
    layers, marks, made_by = (data.get(name) for name in ("layers", "marks", "made_by"))
    return {
        "layers": None if layers is None else tuple(Layer.from_json(layer) for layer in layers),
        "marks": None if marks is None else Marks.from_json(marks),
        "made_by": None if made_by is None else MadeBy.from_json(made_by),
        "derived_from": data.get("derived_from"),
    }


def made_here(state: State, exemplar: Exemplar) -> MadeBy | None:
    """The take whose delivered file this is: as its bytes show, even where its header was stripped, else as its header says."""
    said = exemplar.made_by
    if said is not None and said.show_id != state.show_id:
        return said
    known = [state.delivered_files[f.sha256] for f in exemplar.files if f.sha256 in state.delivered_files]
    plans = tuple(dict.fromkeys((*known, *(said.plans if said else ()))))
    return MadeBy(show_id=str(state.show_id), plans=plans, source=said.source if said else None) if plans else said


def original(state: State, known: KnownExemplar) -> KnownExemplar:
    """The picture of which this is another encoding, and whose author and licence count; itself where it is nobody's copy."""
    return _lineage(state, known)[-1]


def _lineage(state: State, known: KnownExemplar) -> list[KnownExemplar]:
    """The picture, what it is a copy of, and so on to the original."""
    line = {known.digest: known}
    while known.derived_from is not None and known.derived_from in state.exemplars and known.derived_from not in line:
        known = state.exemplars[known.derived_from]
        line[known.digest] = known
    return [*line.values()]


def check_origin(state: State, exemplar: Exemplar) -> None:
    """A copy stands on a picture that is on record, and not on itself. Raises UsageError."""
    source = exemplar.derived_from
    if source is None:
        return
    if source not in state.exemplars:
        raise UsageError(f"picture {shown(source[:12])} is not in the ledger; add the original first")
    if exemplar.digest in {known.digest for known in _lineage(state, state.exemplars[source])}:
        raise UsageError(f"picture {exemplar.digest[:12]} cannot be a copy of {source[:12]}, which is itself or its own copy")


def _public(layer: Layer) -> Layer:
    words = [word if _OURS.fullmatch(word) or _is_chunk(layer.name, word) else _UNSAID for word in layer.name.split(" ")]
    return Layer(name=" ".join(words), use=layer.use)


def _is_chunk(name: str, word: str) -> bool:
    return name == f"chunk {word}" and bool(re.fullmatch(r"[A-Za-z]{4}", word))
