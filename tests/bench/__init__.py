"""Rates of the engine beside a bare table and a trigger that recomputes: python -m tests.bench."""
