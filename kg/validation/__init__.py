"""Validation: shapes in, a report out; never "conforms" when nothing was checked."""

from kg.validation.reference import Validator
from kg.validation.report import Report

__all__ = ["Report", "Validator"]
