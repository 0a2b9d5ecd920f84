"""The front: request -> variant (variant.py, pure), ready answers (cache.py), ASGI (asgi.py)."""
