"""Importing people and posts from a file: read lines, make rows of them, write those in batches."""

from tacet.directory.importing.batches import Import, Rejected, Tally
from tacet.directory.importing.records import Format, Record, records
from tacet.directory.importing.source import Source, SourceError

__all__ = ["Format", "Import", "Record", "Rejected", "Source", "SourceError", "Tally", "records"]
