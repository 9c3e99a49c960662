"""Guess a file's media type from its name."""

from __future__ import annotations

import mimetypes
from functools import cache, lru_cache

# Types missing in Python's own list; with their IANA names where they are registered.
_MORE = {
    ".avro": "application/vnd.apache.avro",
    ".csv": "text/csv",
    ".feather": "application/vnd.apache.arrow.file",
    ".arrow": "application/vnd.apache.arrow.file",
    ".geojson": "application/geo+json",
    ".gz": "application/gzip",
    ".ipynb": "application/x-ipynb+json",
    ".jsonl": "application/jsonl",
    ".md": "text/markdown",
    ".ndjson": "application/x-ndjson",
    ".orc": "application/vnd.apache.orc",
    ".parquet": "application/vnd.apache.parquet",
    ".sql": "application/sql",
    ".tsv": "text/tab-separated-values",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".zst": "application/zstd",
}
_COMPRESSED = {
    "gzip": "application/gzip",
    "bzip2": "application/x-bzip2",
    "xz": "application/x-xz",
    "br": "application/x-brotli",
    "compress": "application/x-compress",
}
UNKNOWN = "application/octet-stream"


def content_type_of(filename: str) -> str:
    """Return the media type for a file's name; ``application/octet-stream`` if the name is not known.

    A compressed file keeps its own type: ``x.csv.gz`` is ``application/gzip``. ContentEncoding is never set
    here: it is the user's choice, because with it readers see the file decompressed. The machine's own list
    of types is not read, so that every worker guesses the same.
    """
    name = filename.rpartition("/")[2]
    last_two = name.lstrip(".").split(".")[1:][-2:]
    return _content_type_of_suffixes("".join(f".{suffix}" for suffix in last_two))


# Cached: creating the tables takes longer than sending a small file.
@lru_cache(maxsize=1024)
def _content_type_of_suffixes(suffixes: str) -> str:
    media_type, encoding = _types().guess_type(f"x{suffixes}")
    if encoding:
        return _COMPRESSED.get(encoding, UNKNOWN)
    return media_type or UNKNOWN


@cache
def _types() -> mimetypes.MimeTypes:
    types = mimetypes.MimeTypes()
    for suffix, media_type in _MORE.items():
        types.add_type(media_type, suffix)
    return types
