"""A migrated database for each test; see the page about testing rules."""

pytest_plugins = ["pgmerit.testing"]
