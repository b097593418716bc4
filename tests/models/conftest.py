"""The models' tests ask the same database as the rules' tests."""

from tests.rules.conftest import asking

__all__ = ["asking"]
