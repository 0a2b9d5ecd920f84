"""The findings on a file in the form that a reader asks for: page, Turtle, JSON, CSV, workbook, SARIF."""

from kg.imports.reports.data import CAP, Group, ReportData
from kg.imports.reports.formats import BINARY, MEDIA_TYPES, SUFFIXES, write_report
from kg.imports.reports.split import split_rows

__all__ = ["BINARY", "CAP", "MEDIA_TYPES", "SUFFIXES", "Group", "ReportData", "split_rows", "write_report"]
