"""Bottega: generation by example. The artist makes the key frames; the workshop makes the rest."""
