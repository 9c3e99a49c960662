"""Parse S3's XML responses in one pass, into rows of text: without a tree, without the service model.

botocore builds a tree of each page, walks it by the service model and parses every date.
docs/design-of-deletes.md has the cost of that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from xml.parsers import expat

from botocore.compat import unquote_str  # what botocore decodes listings with
from botocore.utils import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Collection

    Row = tuple[str, dict[str, str]]

ENTRY, FIELD = 2, 3  # levels: the root is 1
_UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d{1,6}))?Z")


class UnreadableXml(Exception):
    """Bytes that are not XML, are truncated, or declare a document type, which S3 never does."""


@dataclass
class Document:
    """A parsed response of S3.

    :param root: the name of the root element, such as ``ListBucketResult``.
    :param fields: the texts directly below the root.
    :param rows: the entries in S3's order: each entry's element name, and the texts directly below it.
    """

    root: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    @property
    def is_truncated(self) -> bool:
        """Whether there are more pages."""
        return self.fields.get("IsTruncated") == "true"

    def decoded(self, text: str) -> str:
        """Return a key or marker of this response, decoded.

        Servers that do not know ``encoding-type`` send keys unencoded, and no ``EncodingType``.
        """
        return unquote_str(text) if self.fields.get("EncodingType") == "url" else text


def read_document(data: bytes, entries: Collection[str]) -> Document:
    """Parse a response. Elements nested deeper than an entry's own texts (such as an owner) are ignored.

    :param data: UTF-8; a declaration of another encoding is ignored, as botocore does.
    :param entries: names of the elements that become rows.
    :raises UnreadableXml: the data is not XML, is truncated, or declares a document type.
    """
    document = Document()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True  # most texts then arrive in one piece
    parser.StartDoctypeDeclHandler = _refuse_doctype  # so there are no entities to expand or to fetch
    _attach(parser, document, frozenset(entries))
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise UnreadableXml(f"the XML is not well-formed: {error}") from error
    return document


def _attach(parser: expat.XMLParserType, document: Document, entries: frozenset[str]) -> None:
    # Closures: the parser calls them 20 times per entry, and object attributes would cost twice as much.
    level = 0
    text = ""
    is_leaf = False
    fields = document.fields

    def start(name: str, _: object) -> None:
        nonlocal level, text, is_leaf, fields
        level += 1
        text = ""
        is_leaf = True
        if level == ENTRY:
            name = _local(name)
            fields = {}
            if name in entries:
                document.rows.append((name, fields))
        elif level == 1:
            document.root = _local(name)

    def characters(piece: str) -> None:
        nonlocal text
        text += piece

    def end(name: str) -> None:
        nonlocal level, is_leaf
        if is_leaf:
            is_leaf = False
            if level == FIELD:
                fields[_local(name)] = text
            elif level == ENTRY:
                document.fields[_local(name)] = text
        level -= 1

    parser.StartElementHandler = start
    parser.CharacterDataHandler = characters
    parser.EndElementHandler = end


def parse_time(text: str) -> datetime:
    """Parse a time in one of S3's formats.

    :raises ValueError: the text is not a time in any format that botocore knows.
    """
    found = _UTC_TIME.fullmatch(text)
    if found is None:
        return parse_timestamp(text)
    whole = datetime.fromisoformat(text[:19]).replace(tzinfo=timezone.utc)
    return whole + timedelta(microseconds=int(found[1].ljust(6, "0"))) if found[1] else whole


def _local(name: str) -> str:
    return name.rpartition(":")[2] if ":" in name else name


def _refuse_doctype(*_: object) -> None:
    raise UnreadableXml("it declares a document type")
