"""The only decoder and the only encoder of pictures."""
