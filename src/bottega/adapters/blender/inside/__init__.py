"""What runs in Blender's own Python: it knows Blender and numpy, and nothing else of Bottega."""
