"""What stored values are called on the pages, in X's own words where it has some."""

from collections.abc import Mapping
from types import MappingProxyType

from tacet.records.credentials import Access

ACCESS_WORDS: Mapping[Access, str] = MappingProxyType(
    {
        Access.READ: "Read",
        Access.READ_WRITE: "Read and write",
        Access.READ_WRITE_MESSAGES: "Read and write and Direct message",
    }
)
