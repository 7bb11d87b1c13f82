"""A change of Istio's version in a pull request."""

import pytest

from operations.preview import effects, verdict
from operations.preview.checkout_side import Side
from operations.preview.comparison import Comparison
from operations.preview.engine_result import Intent
from tests.support.factories import pulumi_config


def comparison(before: dict, after: dict) -> Comparison:
    sides = (Side(config(istio), Intent({}, {})) for istio in (before, after))
    return Comparison("pi", *sides)


def config(istio: dict) -> dict:
    return pulumi_config(istio=istio) if istio else {}


def test_a_change_that_up_refuses_is_in_the_verdict_and_explained():
    found = comparison({"version": "1.28.0"}, {"version": "1.31.0"})
    assert verdict.line(found) == (
        "**takes Istio from 1.28.0 to 1.31.0, which `up` refuses** · No change to the cluster"
    )
    (line,) = effects.lines(found)
    assert line.startswith("`istio.version` goes from 1.28.0 to 1.31.0 in one step: Istio supports one minor version")
    assert "1.29, 1.30, 1.31" in line


def test_one_that_the_pull_request_allows_is_still_told():
    found = comparison({"version": "1.31.0"}, {"version": "1.30.0", "allowSkip": True})
    assert verdict.line(found).startswith("**takes Istio from 1.31.0 to 1.30.0** · ")


@pytest.mark.parametrize(
    ("before", "after"),
    [({"version": "1.30.0"}, {"version": "1.31.0"}), ({}, {"version": "1.31.0"}), ({"version": "1.31.0"}, {"x": 1})],
)
def test_a_step_that_istio_supports_a_new_stack_and_settings_that_do_not_parse_are_not_judged(before, after):
    assert verdict.line(comparison(before, after)) == "No change to the cluster"
