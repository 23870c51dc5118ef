"""Scenes as OpenUSD files: what a collapse writes for Houdini, Blender, Maya, Unreal. Needs the extra `usd`."""

from .writing import scene_bytes

__all__ = ["scene_bytes"]
