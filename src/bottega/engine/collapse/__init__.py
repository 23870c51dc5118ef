"""A building brought down in a plate: proxy, fracture, motion, finish, dust. Arrays in, arrays out; no Blender needed."""
