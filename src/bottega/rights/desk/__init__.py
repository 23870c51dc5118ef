"""Desks: what coordinators and lawyers do, by the names that they know."""
