"""The core of Bilim: model, reading, validation, releases and queries, without HTTP."""
