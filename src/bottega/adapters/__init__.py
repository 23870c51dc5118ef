"""The world outside: other programs, each spoken to in its own process and its own files."""
