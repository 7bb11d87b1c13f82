"""The page of the checks, docs/checks.md."""

from operations import generate


def test_the_page_of_the_checks_is_current():
    assert generate.CHECKS_PAGE.read_text() == generate.checks_page(), "run `make schema`"
