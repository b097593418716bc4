"""Lets `python -m pgmerit` be the command line."""

from pgmerit.cli import main

if __name__ == "__main__":
    main(prog_name="pgmerit")
