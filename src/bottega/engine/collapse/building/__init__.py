"""From a picture to a building that can break: camera, structure, pieces and the bonds between them."""

from bottega.engine.collapse.building.camera import SolvedCamera, solve_camera
from bottega.engine.collapse.building.corners import FaceCorners
from bottega.engine.collapse.building.fracture import Denser, FractureSettings, fracture
from bottega.engine.collapse.building.materials import PRESETS, Material
from bottega.engine.collapse.building.mesh import Body, MeshPart, from_mesh
from bottega.engine.collapse.building.pan import Pan, PanSettings, nodal_pan
from bottega.engine.collapse.building.parts import Element
from bottega.engine.collapse.building.structure import Building, Walls, elements, plan_of

__all__ = [
    "PRESETS",
    "Body",
    "Building",
    "Denser",
    "Element",
    "FaceCorners",
    "FractureSettings",
    "Material",
    "MeshPart",
    "Pan",
    "PanSettings",
    "SolvedCamera",
    "Walls",
    "elements",
    "fracture",
    "from_mesh",
    "nodal_pan",
    "plan_of",
    "solve_camera",
]
