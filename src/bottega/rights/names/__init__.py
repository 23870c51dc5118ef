"""Does a text name a person? Exact names, what resembles one, and phrases that ask for somebody's likeness."""

from .match import Names

__all__ = ["Names"]
