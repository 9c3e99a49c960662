from __future__ import annotations

import mimetypes

import pytest

from airflow_s3ops.s3.files.content_type import content_type_of


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("report.csv", "text/csv"),
        ("REPORT.CSV", "text/csv"),
        ("a.json", "application/json"),
        ("a.parquet", "application/vnd.apache.parquet"),
        ("a.txt", "text/plain"),
        ("page.html", "text/html"),
        ("picture.png", "image/png"),
        ("a.csv.gz", "application/gzip"),
        ("a.tar.gz", "application/gzip"),
        ("a.csv.bz2", "application/x-bzip2"),
        ("a.csv.xz", "application/x-xz"),
        ("a.csv.zst", "application/zstd"),
        ("2024.01.report.csv", "text/csv"),
        ("/landing/시간대 표.csv", "text/csv"),
        ("a b#c?d+e.csv", "text/csv"),
        ("nothing", "application/octet-stream"),
        ("a.unheard-of", "application/octet-stream"),
        (".csv", "application/octet-stream"),
        ("data:2024.csv", "text/csv"),
    ],
)
def test_the_type_is_guessed_from_the_name(name: str, media_type: str) -> None:
    assert content_type_of(name) == media_type


def test_the_list_of_the_machine_is_not_used() -> None:
    mimetypes.add_type("application/x-of-this-machine", ".csv")
    try:
        assert content_type_of("a.csv") == "text/csv"
    finally:
        mimetypes.init()
