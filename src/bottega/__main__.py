"""`python -m bottega`."""

from .cli import main

main()
