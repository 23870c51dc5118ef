"""The finish of a collapse: every pixel of a moving piece is the plate's own where the plate saw it, relit; the rest is by example."""
