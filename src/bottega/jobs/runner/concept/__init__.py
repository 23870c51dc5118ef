"""Costume and set boards: from a designer's sheet to cards, layers and a look book."""
