"""Source maps to per-pixel credit and exact shares."""
