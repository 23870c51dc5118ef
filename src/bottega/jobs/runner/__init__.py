"""The runner: the only place where the gate, the footage and the engine meet."""
