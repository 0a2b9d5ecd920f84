"""Bilim over HTTP: FastAPI and plain ASGI around the core in :mod:`kg`."""
