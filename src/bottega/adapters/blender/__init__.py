"""Blender, in a process of its own: it moves the pieces, keeps them as a .blend, and reads an artist's .blend back."""

from bottega.adapters.blender.asking import BlenderProgram
from bottega.adapters.blender.finding import VARIABLE, Blender, find_blender

__all__ = ["VARIABLE", "Blender", "BlenderProgram", "find_blender"]
