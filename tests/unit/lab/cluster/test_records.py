"""Records of processes and ports in `.lab/run`."""

import pytest

from lab.cluster import records


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Use a separate folder for the records of one test."""
    monkeypatch.setattr(records, "RECORDS", tmp_path)


def test_a_half_written_record_counts_as_none():
    (records.RECORDS / "torn.json").write_text('{"name": "torn", "pi')
    assert records.find("torn") is None


def test_a_port_is_found_under_the_name_of_its_forwarder():
    records.write_port("ingress", 31_000)
    assert (records.find_port("ingress"), records.find_port("vault")) == (31_000, None)
