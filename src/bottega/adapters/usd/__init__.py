"""Scenes as OpenUSD files, from and for Houdini, Blender, Maya, Unreal. Needs the extra `usd`."""

from .reading import read_cameras, read_meshes
from .writing import scene_bytes

__all__ = ["read_cameras", "read_meshes", "scene_bytes"]
