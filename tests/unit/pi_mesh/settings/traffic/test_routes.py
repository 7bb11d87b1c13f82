"""Retries, and which of their conditions are safe for every request."""

import pytest

from pi_mesh.settings.traffic.routes import HttpRoute, Retries, RouteTarget


def rule(**more: object) -> HttpRoute:
    return HttpRoute(to=(RouteTarget(service="shop"),), **more)


def test_retries_repeat_only_what_was_never_processed_unless_told_otherwise():
    assert (Retries(attempts=3).conditions, Retries(attempts=3).unsafe) == ("connect-failure,refused-stream", ())


@pytest.mark.parametrize(
    ("conditions", "unsafe"),
    [
        ("5xx", ("5xx",)),
        ("connect-failure,reset,503", ("reset", "503")),
        ("unavailable", ("unavailable",)),
        ("reset-before-request,refused-stream", ()),
    ],
)
def test_conditions_after_which_a_request_may_have_been_processed_are_unsafe(conditions, unsafe):
    assert Retries(attempts=1, retry_on=conditions).unsafe == unsafe


def test_no_retries_are_safe():
    assert Retries(attempts=0).unsafe == ()


@pytest.mark.parametrize(
    ("conditions", "read_only"),
    [
        ({}, False),
        ({"methods": ("GET", "HEAD", "OPTIONS")}, True),
        ({"methods": ("GET", "POST")}, False),
        ({"headers": {":method": "GET"}}, True),
        ({"headers": {":method": "POST"}}, False),
        ({"headers": {"x-desk": "GET"}}, False),
    ],
)
def test_a_rule_is_read_only_if_its_methods_change_nothing(conditions, read_only):
    assert rule(**conditions).is_read_only is read_only


def test_a_rule_for_one_method_does_not_match_everything():
    assert rule().matches_everything
    assert not rule(methods=("GET",)).matches_everything
