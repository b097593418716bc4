"""pgmerit: a badge and achievement engine that lives in PostgreSQL."""

__version__ = "0.1.0"
