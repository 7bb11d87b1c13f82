"""The table of what the live tests see: a run of a part changes its own rows and no others."""

from datetime import date

import pytest

from tests.support.figures import read, record, sentence


@pytest.fixture
def table(tmp_path):
    """Two rows in two sections."""
    file = tmp_path / "live.md"
    record("Routes", "The canary", "1800 : 200", file)
    record("Certificates", "A chain", "verified", file)
    return file


def test_a_row_has_its_figure_and_the_day(table):
    assert f"| The canary | 1800 : 200 | {date.today()} |" in table.read_text()


def test_a_second_run_replaces_its_row_keeps_the_others_and_again_changes_nothing(table):
    before = read(table)
    record("Routes", "The canary", "1791 : 209", table)
    assert read(table)["Routes"]["The canary"][0] == "1791 : 209"
    assert read(table)["Certificates"] == before["Certificates"]
    text = table.read_text()
    record("Routes", "The canary", "1791 : 209", table)
    assert table.read_text() == text


def test_a_tests_name_is_read_as_a_sentence():
    assert sentence("test_no_request_is_lost_while[istiod is killed]") == "No request is lost while: istiod is killed"
    assert sentence("test_it_chains_to_no_other_root") == "It chains to no other root"
