"""The only decoder and the only encoder of pictures."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .band import Band
    from .board_out import BoardDelivery, LookOut
    from .card import CardOut, side_by_side, smaller
    from .colour import colour_spaces, config_name, display, is_linear, space_name, to_working, working_space
    from .credentials import marks_of, sidecar_of
    from .cryptomatte import Cryptomatte, distinct
    from .deliver import LAYERS, Delivery, FrameOut, LayerOut
    from .delivered import DeliveredFrame, read_delivered, read_delivered_png
    from .described import Described, colour_of, describe
    from .frame import Box, Frame
    from .frames import Frames, open_frames
    from .layered import LayerHead, PaintLayer, codes8, flattened, layer_of, on_picture, one_layer
    from .layers import layers_of, require_known
    from .mark import Mark
    from .model_folder import copy_model_folder, seal_model_folder
    from .opened_layers import OpenLayers, canvas_of, open_layers
    from .origin import made_by
    from .painting import as_matte, hand_out, take_back, write_png16
    from .ply import ply_bytes
    from .scenes import open_scene, seal_scene
    from .sealing import require_whole, seal
    from .sequence import FoundFile, Kind, Source, find, ranges
    from .sheet import marked, write_sheet
    from .vdb import vdb_bytes
    from .weights import open_weights, seal_weights

# numpy and the codecs load when a picture is asked for, so that --help stays quick.
_HOMES = {
    "band": ("Band",),
    "board_out": ("BoardDelivery", "LookOut"),
    "card": ("CardOut", "side_by_side", "smaller"),
    "colour": ("colour_spaces", "config_name", "display", "is_linear", "space_name", "to_working", "working_space"),
    "credentials": ("marks_of", "sidecar_of"),
    "cryptomatte": ("Cryptomatte", "distinct"),
    "deliver": ("LAYERS", "Delivery", "FrameOut", "LayerOut"),
    "delivered": ("DeliveredFrame", "read_delivered", "read_delivered_png"),
    "described": ("Described", "colour_of", "describe"),
    "frame": ("Box", "Frame"),
    "frames": ("Frames", "open_frames"),
    "layered": ("LayerHead", "PaintLayer", "codes8", "flattened", "layer_of", "on_picture", "one_layer"),
    "layers": ("layers_of", "require_known"),
    "mark": ("Mark",),
    "model_folder": ("copy_model_folder", "seal_model_folder"),
    "opened_layers": ("OpenLayers", "canvas_of", "open_layers"),
    "origin": ("made_by",),
    "painting": ("as_matte", "hand_out", "take_back", "write_png16"),
    "ply": ("ply_bytes",),
    "scenes": ("open_scene", "seal_scene"),
    "sealing": ("require_whole", "seal"),
    "sequence": ("FoundFile", "Kind", "Source", "find", "ranges"),
    "sheet": ("marked", "write_sheet"),
    "vdb": ("vdb_bytes",),
    "weights": ("open_weights", "seal_weights"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "LAYERS",
    "Band",
    "BoardDelivery",
    "Box",
    "CardOut",
    "Cryptomatte",
    "DeliveredFrame",
    "Delivery",
    "Described",
    "FoundFile",
    "Frame",
    "FrameOut",
    "Frames",
    "Kind",
    "LayerHead",
    "LayerOut",
    "LookOut",
    "Mark",
    "OpenLayers",
    "PaintLayer",
    "Source",
    "as_matte",
    "canvas_of",
    "codes8",
    "colour_of",
    "colour_spaces",
    "config_name",
    "copy_model_folder",
    "describe",
    "display",
    "distinct",
    "find",
    "flattened",
    "hand_out",
    "is_linear",
    "layer_of",
    "layers_of",
    "made_by",
    "marked",
    "marks_of",
    "on_picture",
    "one_layer",
    "open_frames",
    "open_layers",
    "open_scene",
    "open_weights",
    "ply_bytes",
    "ranges",
    "read_delivered",
    "read_delivered_png",
    "require_known",
    "require_whole",
    "seal",
    "seal_model_folder",
    "seal_scene",
    "seal_weights",
    "side_by_side",
    "sidecar_of",
    "smaller",
    "space_name",
    "take_back",
    "to_working",
    "vdb_bytes",
    "working_space",
    "write_png16",
    "write_sheet",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
