"""What the log says: facts are put in by the registry, and read back as tables by the state.

`state.py` composes the tables; each section (`consents`, `works`, `answers`, ...) says how its kinds of entry change them.
"""
