"""The table of what the live tests see: a run of a part changes its own rows and no others."""

from datetime import date

from tests.support.figures import read, record, sentence


def test_a_second_run_replaces_its_row_keeps_the_others_and_again_changes_nothing(tmp_path):
    file = tmp_path / "live.md"
    record("Routes", "The canary", "1800 : 200", file)
    record("Certificates", "A chain", "verified", file)
    before = read(file)
    record("Routes", "The canary", "1791 : 209", file)
    assert read(file) == before | {"Routes": {"The canary": ("1791 : 209", str(date.today()))}}
    text = file.read_text()
    assert f"| The canary | 1791 : 209 | {date.today()} |" in text
    record("Routes", "The canary", "1791 : 209", file)
    assert file.read_text() == text


def test_a_tests_name_is_read_as_a_sentence():
    assert sentence("test_no_request_is_lost_while[istiod is killed]") == "No request is lost while: istiod is killed"
    assert sentence("test_it_chains_to_no_other_root") == "It chains to no other root"
