"""A studio's own model through `diffusers`: a folder of safetensors, in a process of its own, without a network."""

from .painting import DiffusersPainter

__all__ = ["DiffusersPainter"]
