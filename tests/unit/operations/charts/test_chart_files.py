"""The stored files of a fetched chart."""

import tarfile

import pytest

from operations.charts import chart_files
from operations.charts.chart_sources import ChartUnavailableError
from tests.support.chart_servers import package


def test_what_is_no_packaged_chart_is_refused(tmp_path):
    (tmp_path / "base-1.31.0.tgz").write_bytes(b"<html>")
    with pytest.raises(ChartUnavailableError, match="no packaged chart"):
        chart_files.fetched(str(tmp_path), "base", "1.31.0")


def test_a_sum_is_of_what_was_read(tmp_path):
    (tmp_path / "base-1.31.0.tgz").write_bytes(package(tmp_path, "base", "1.31.0"))
    entry, content = chart_files.fetched(str(tmp_path), "base", "1.31.0")
    (tmp_path / "base-1.31.0.tgz").write_bytes(package(tmp_path, "base", "1.31.0", "later"))
    other, _ = chart_files.fetched(str(tmp_path), "base", "1.31.0")
    assert entry.sha256 != other.sha256
    assert content == package(tmp_path, "base", "1.31.0")


def test_an_archive_without_a_chart_is_refused(tmp_path):
    with tarfile.open(tmp_path / "base-1.31.0.tgz", "w:gz") as archive:
        for name in ("Chart.yaml", "base/sub/Chart.yaml", "base/values.yaml"):
            archive.addfile(tarfile.TarInfo(name))
    with pytest.raises(ChartUnavailableError, match=r"no packaged chart: it has no Chart\.yaml"):
        chart_files.fetched(str(tmp_path), "base", "1.31.0")
