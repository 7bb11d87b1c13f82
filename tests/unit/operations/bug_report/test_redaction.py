"""The removal of secrets: known ones anywhere, unknown ones by their look or their name."""

import pytest

from operations.bug_report.redaction import REMOVED, Redactor

TOKEN = "hvs.MadeUpMadeUpMadeUpMadeUp"
WEB_TOKEN = "eyJhbGciOiJub25l.eyJzdWIiOiJtYWRlLXVw.bWFkZS11cA"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"login with {TOKEN} failed", "login with [removed] failed"),
        (f"header {WEB_TOKEN}, then", "header [removed], then"),
        ("see https://me:made-up@charts.example.com/a", "see https://[removed]@charts.example.com/a"),
        ("Authorization: Basic bWU6bWFkZS11cA==", "Authorization: [removed]"),
        ("authorization: Bearer made.up-and-long", "authorization: [removed]"),
        ("GET /orders?account=7&token=made-up HTTP/1.1", "GET /orders?[removed] HTTP/1.1"),
        ("password=made-up, next", "password=[removed], next"),
        ('{"client_secret": "made \\"up\\"", "a": 1}', '{"client_secret": [removed], "a": 1}'),
        ("--registry-password='made up' --x", "--registry-password=[removed] --x"),
        ("-----BEGIN EC PRIVATE KEY-----\nbWFkZS11cA==\n-----END EC PRIVATE KEY-----\nafter", "[removed]\nafter"),
        (r"key: -----BEGIN PRIVATE KEY-----\nbWFkZS11cA==\n-----END PRIVATE KEY-----", "key: [removed]"),
        ("cut off: -----BEGIN PRIVATE KEY-----\nbWFk", "cut off: [removed]"),
    ],
)
def test_what_looks_like_a_secret_is_removed(text, shown):
    redactor = Redactor()
    assert redactor.text(text) == shown
    assert redactor.removed >= 1


@pytest.mark.parametrize(
    "text",
    [
        "secret istio-system/cacerts: does not exist",
        "could not read the token: not found",
        "https://istio.io/v1.31/docs/reference/config/analysis/ist0101/",
        "docker.io/istio/proxyv2:1.31.0",
        "Is it right? Yes",
    ],
)
def test_the_text_of_a_report_stays(text):
    redactor = Redactor()
    assert (redactor.text(text), redactor.removed) == (text, 0)


def test_a_known_secret_is_removed_wherever_it_stands_and_counted():
    redactor = Redactor(["plain-word", "plain-word-and-more"])
    assert redactor.text("xplain-word-and-more! plain-word") == "x[removed]! [removed]"
    assert redactor.removed == 2


def test_a_known_text_that_is_part_of_many_words_stays():
    assert Redactor(["", "istio"]).text("istiod") == "istiod"


def test_a_document_keeps_its_shape():
    document = {"a": [1, None, True, "x=plain-word"], "password": "made-up", "token": "", "secret": {"name": "login"}}
    assert Redactor(["plain-word"]).tree(document) == {
        "a": [1, None, True, "x=[removed]"],
        "password": REMOVED,
        "token": "",
        "secret": {"name": "login"},
    }
