"""A study application."""
