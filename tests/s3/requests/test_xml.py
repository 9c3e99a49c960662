"""Our parser and botocore's give the same result for the same page."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus
from xml.sax.saxutils import escape

import botocore.session
import pytest
from botocore import handlers
from botocore.parsers import RestXMLParser
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_s3ops.s3.listings.multipart_uploads import UploadEntry, uploads_in
from airflow_s3ops.s3.listings.objects import ObjectEntry, objects_in
from airflow_s3ops.s3.listings.versions import VersionEntry, versions_in
from airflow_s3ops.s3.requests.xml import UnreadableXml, parse_time, read_document
from airflow_s3ops.s3.requests.xml_operations import OBJECTS, UPLOADS, VERSIONS, Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_s3ops.s3.requests.xml import Document

XMLNS = "http://s3.amazonaws.com/doc/2006-03-01/"
NOT_IN_XML = [chr(code) for code in range(32) if chr(code) not in "\t\n\r"] + ["\x7f", "\ufffe", "\uffff"]
DECODERS: dict[str, Callable[..., None]] = {
    "ListObjectsV2": handlers.decode_list_object_v2,
    "ListObjectVersions": handlers.decode_list_object_versions,
}

in_xml = st.characters(codec="utf-8", exclude_characters=NOT_IN_XML)
any_character = st.characters(codec="utf-8")
moments = st.floats(86_400, 7e9).map(lambda seconds: datetime.fromtimestamp(seconds, timezone.utc))
times = moments.flatmap(
    lambda time: st.sampled_from(
        [
            f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z",
            f"{time:%Y-%m-%dT%H:%M:%S}Z",
            f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond:06}Z",
            f"{time:%Y-%m-%dT%H:%M:%S}+09:00",
            f"{time:%a, %d %b %Y %H:%M:%S} GMT",
        ]
    )
)
maybe_owner = st.sampled_from(["", "<Owner><ID>i</ID><DisplayName>d</DisplayName></Owner>", "<Owner/>"])
maybe_class = st.sampled_from(["", "<StorageClass>GLACIER</StorageClass>", "<StorageClass></StorageClass>"])
etags = st.sampled_from(["", "<ETag>&quot;0f-2&quot;</ETag>", "<ETag>0f</ETag>", "<ETag/>"])
sizes = st.integers(0, 50 * 2**40)


def text_of(key: str, *, is_encoded: bool) -> str:
    return quote_plus(key) if is_encoded else escape(key, {"\r": "&#13;"})


@st.composite
def keys_and_encoding(draw: st.DrawFn) -> tuple[list[str], bool]:
    is_encoded = draw(st.booleans())
    return draw(st.lists(st.text(any_character if is_encoded else in_xml, min_size=1))), is_encoded


@st.composite
def object_pages(draw: st.DrawFn) -> bytes:
    keys, is_encoded = draw(keys_and_encoding())
    rows = [
        f"<Contents><Key>{text_of(key, is_encoded=is_encoded)}</Key>"
        f"<LastModified>{draw(times)}</LastModified>{draw(etags)}{draw(maybe_owner)}"
        f"<ChecksumAlgorithm>CRC32</ChecksumAlgorithm><Size>{draw(sizes)}</Size>{draw(maybe_class)}"
        "<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress></RestoreStatus></Contents>"
        for key in keys
    ]
    return draw(pages_of("ListBucketResult", rows, ("NextContinuationToken",), is_encoded=is_encoded))


@st.composite
def version_pages(draw: st.DrawFn) -> bytes:
    keys, is_encoded = draw(keys_and_encoding())
    rows = []
    for key in sorted(keys):
        kind = draw(st.sampled_from(["Version", "DeleteMarker"]))
        size = f"<Size>{draw(sizes)}</Size>{draw(etags)}" if kind == "Version" else ""
        rows.append(
            f"<{kind}><Key>{text_of(key, is_encoded=is_encoded)}</Key><VersionId>{draw(sizes)}</VersionId>"
            f"<IsLatest>{draw(st.sampled_from(['true', 'false']))}</IsLatest>{draw(maybe_owner)}{size}"
            f"<LastModified>{draw(times)}</LastModified></{kind}>"
        )
    names = ("NextKeyMarker", "NextVersionIdMarker")
    return draw(pages_of("ListVersionsResult", rows, names, is_encoded=is_encoded))


@st.composite
def pages_of(
    draw: st.DrawFn, root: str, rows: list[str], markers: tuple[str, ...], *, is_encoded: bool
) -> bytes:
    is_truncated = draw(st.booleans())
    follows = "".join(
        f"<{name}>{text_of(draw(st.text(in_xml)), is_encoded=is_encoded)}</{name}>"
        for name in (markers if is_truncated else ())
    )
    space = draw(st.sampled_from(["", "\n  ", "<!-- - -->"]))
    head = f"<Name>b</Name><Prefix>p</Prefix><IsTruncated>{str(is_truncated).lower()}</IsTruncated>{follows}"
    encoding = "<EncodingType>url</EncodingType>" if is_encoded else ""
    prefixes = "<CommonPrefixes><Prefix>c</Prefix></CommonPrefixes>"
    declared = draw(st.sampled_from(["", '<?xml version="1.0" encoding="UTF-8"?>\n']))
    xmlns = draw(st.sampled_from(["", f' xmlns="{XMLNS}"']))
    return f"{declared}<{root}{xmlns}>{space}{head}{encoding}{space.join(rows)}{prefixes}</{root}>".encode()


@cache
def output_shape(operation: str) -> Any:
    model = botocore.session.get_session().get_service_model("s3")
    return model.operation_model(operation).output_shape


def parsed_by_botocore(operation: Operation, data: bytes) -> dict[str, Any]:
    response = {"status_code": 200, "headers": {}, "body": data}
    parsed: dict[str, Any] = RestXMLParser().parse(response, output_shape(operation.name))
    DECODERS[operation.name](parsed=parsed, context={"encoding_type_auto_set": True})
    return parsed


def parsed_by_us(operation: Operation, data: bytes) -> Document:
    return read_document(data, operation.entries)


@settings(max_examples=150)
@given(object_pages())
def test_a_page_of_objects_is_read_as_botocore_reads_it(data: bytes) -> None:
    theirs, ours = parsed_by_botocore(OBJECTS, data), parsed_by_us(OBJECTS, data)
    assert objects_in(ours) == [
        ObjectEntry(
            found["Key"],
            found["Size"],
            found.get("ETag", "").strip('"'),
            found["LastModified"],
            found.get("StorageClass"),
        )
        for found in theirs.get("Contents", ())
    ]
    assert ours.is_truncated == theirs["IsTruncated"]
    assert ours.fields.get("NextContinuationToken") == theirs.get("NextContinuationToken")


@settings(max_examples=150)
@given(version_pages())
def test_a_page_of_versions_is_read_as_botocore_reads_it(data: bytes) -> None:
    theirs, ours = parsed_by_botocore(VERSIONS, data), parsed_by_us(VERSIONS, data)
    expected = [
        VersionEntry(
            found["Key"],
            found["VersionId"],
            found["IsLatest"],
            kind == "DeleteMarkers",
            found["LastModified"],
            found.get("Size"),
            (found.get("ETag") or "").strip('"') or None,
        )
        for kind in ("Versions", "DeleteMarkers")
        for found in theirs.get(kind, ())
    ]
    entries = versions_in(ours)
    for is_marker in (False, True):  # botocore returns the two kinds separately, each in S3's order
        assert [entry for entry in entries if entry.is_delete_marker is is_marker] == [
            entry for entry in expected if entry.is_delete_marker is is_marker
        ]
    assert [entry.key for entry in entries] == sorted(entry.key for entry in expected)
    assert ours.is_truncated == theirs["IsTruncated"]
    if ours.is_truncated:
        assert ours.decoded(ours.fields["NextKeyMarker"]) == theirs["NextKeyMarker"]
        assert ours.fields["NextVersionIdMarker"] == theirs["NextVersionIdMarker"]


def test_versions_and_markers_of_one_key_stay_in_s3s_order() -> None:
    row = (
        "<{0}><Key>k</Key><VersionId>{1}</VersionId><IsLatest>false</IsLatest>"
        "<LastModified>2026-01-01T00:00:00Z</LastModified></{0}>"
    )
    kinds = ["DeleteMarker", "Version", "DeleteMarker", "Version"]
    rows = "".join(row.format(kind, number) for number, kind in enumerate(kinds))
    page = parsed_by_us(VERSIONS, f"<ListVersionsResult>{rows}</ListVersionsResult>".encode())
    assert [entry.version_id for entry in versions_in(page)] == ["0", "1", "2", "3"]


def test_element_names_are_read_without_their_prefix() -> None:
    plain = (
        "<ListMultipartUploadsResult xmlns:s3='u'><Upload><Key>a</Key><UploadId>i</UploadId>"
        "<Initiated>2026-01-01T00:00:00Z</Initiated></Upload></ListMultipartUploadsResult>"
    )
    prefixed = plain.replace("<", "<s3:").replace("<s3:/", "</s3:")
    expected = [UploadEntry("a", "i", datetime(2026, 1, 1, tzinfo=timezone.utc))]
    assert [uploads_in(parsed_by_us(UPLOADS, text.encode())) for text in (plain, prefixed)] == [expected] * 2


def test_a_text_longer_than_the_parsers_buffer_is_one_text() -> None:
    key = "k&" * 50_000
    data = f"<ListBucketResult><Contents><Key>{escape(key)}</Key></Contents></ListBucketResult>"
    assert parsed_by_us(OBJECTS, data.encode()).rows == [("Contents", {"Key": key})]


BOMB = '<!DOCTYPE x [<!ENTITY a "{}"><!ENTITY b "{}">]>'.format("a" * 100, "&a;" * 100)
EXTERNAL = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize("prolog", [BOMB, EXTERNAL, "<!DOCTYPE x>"], ids=["bomb", "external", "plain"])
def test_a_document_type_is_refused_before_anything_is_expanded(prolog: str) -> None:
    data = f"{prolog}<ListBucketResult><Contents><Key>&a;</Key></Contents></ListBucketResult>"
    with pytest.raises(UnreadableXml, match="document type"):
        parsed_by_us(OBJECTS, data.encode())


@settings(max_examples=50)
@given(object_pages(), st.data())
def test_a_truncated_page_is_an_error(data: bytes, drawn: st.DataObject) -> None:
    cut = drawn.draw(st.integers(0, len(data) - 1))
    with pytest.raises(UnreadableXml):
        parsed_by_us(OBJECTS, data[:cut])


def test_times_of_every_format_keep_their_time_zone() -> None:
    assert parse_time("2026-02-03T04:05:06.789Z") == datetime(
        2026, 2, 3, 4, 5, 6, 789000, tzinfo=timezone.utc
    )
    assert parse_time("2026-02-03T04:05:06Z").utcoffset() == timedelta(0)
    assert parse_time("2026-02-03T04:05:06+09:00").utcoffset() == timedelta(hours=9)
    with pytest.raises(ValueError, match="yesterday"):
        parse_time("yesterday")
