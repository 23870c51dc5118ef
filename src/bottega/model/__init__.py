"""The nouns: frozen records with versioned JSON. Standard library only."""
