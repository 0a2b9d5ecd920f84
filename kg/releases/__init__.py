"""Graphs in, a directory out: derive, project, publish, pin, compare, verify (docs/architecture.md, "A release")."""
