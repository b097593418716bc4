"""pgmerit in the frameworks that applications are written in; each asks for its own library."""
