"""The texts that documents stand for: reading, phrases and their offsets, quotes against the text, coverage.

A text itself is never kept: a document holds its SHA-256, evidence holds offsets and short quotes. Offsets are code
points of the text as it is, half-open, from 0; a byte order mark and both characters of CRLF count.
"""
