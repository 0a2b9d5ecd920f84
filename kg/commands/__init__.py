"""The commands of `bilim`, one module each; kg/cli.py puts them together."""
