"""Reads tables from the files that people have, and writes tables for the programs that people use."""

from core.resources.sheets.reading import read_table
from core.resources.sheets.tables import Cell, Encoding, Limits, Row, Table
from core.resources.sheets.writing import write_csv, write_xlsx

__all__ = ["Cell", "Encoding", "Limits", "Row", "Table", "read_table", "write_csv", "write_xlsx"]
