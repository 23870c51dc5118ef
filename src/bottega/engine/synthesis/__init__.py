"""Guided synthesis by example."""
