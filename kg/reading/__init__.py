"""RDF files and tables to quads that know their file, row and column or line."""

from kg.reading.checks import Vocabulary
from kg.reading.folder import read_folder
from kg.reading.located import Located, LocatedQuads, Reading, Reference, bare
from kg.reading.rdf import FORMATS, read_rdf
from kg.reading.tables import read_table

__all__ = [
    "FORMATS",
    "Located",
    "LocatedQuads",
    "Reading",
    "Reference",
    "Vocabulary",
    "bare",
    "read_folder",
    "read_rdf",
    "read_table",
]
