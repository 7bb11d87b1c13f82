"""The findings about retries that could repeat a request which was processed."""

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.next_version import NEXT
from pi_mesh.checks.traffic.retries import check
from tests.support.factories import make_settings

UNSAFE = {"attempts": 2, "retryOn": "5xx,reset"}


def told(retries: dict, **more: object) -> list[Finding]:
    rule = {"to": [{"service": "shop"}], "retries": retries, **more}
    return [*check(make_settings(traffic={"routes": {"shop": {"hosts": ["shop"], "http": [rule]}}}), None)]


def of_default(**retries: object) -> list[Finding]:
    return [*check(make_settings(proxy={"defaultRetries": retries}), None)]


def test_retries_of_every_method_after_a_reset_are_told_for_one_version():
    (finding,) = told(UNSAFE)
    assert finding.level is Level.WARNING
    assert str(finding).startswith(
        "traffic.routes.shop.http[0].retries.retryOn: repeats requests of every method after 5xx, reset"
    )
    assert f"pi-mesh {NEXT} refuses it" in finding.message


@pytest.mark.parametrize(
    ("retries", "more"),
    [
        (UNSAFE, {"methods": ["GET", "HEAD"]}),
        (UNSAFE, {"headers": {":method": "GET"}}),
        ({**UNSAFE, "idempotent": True}, {}),
        ({"attempts": 5}, {}),
        ({"attempts": 0}, {}),
    ],
)
def test_retries_of_read_only_methods_idempotent_services_or_unprocessed_requests_are_fine(retries, more):
    assert told(retries, **more) == []


def test_a_default_that_repeats_posts_is_refused():
    (finding,) = of_default(attempts=2, retryOn="connect-failure,503")
    assert finding.level is Level.ERROR
    assert str(finding).startswith("proxy.defaultRetries.retryOn: repeats requests of every method after 503")


def test_a_default_for_idempotent_services_is_taken():
    assert of_default(attempts=2, retryOn="503", idempotent=True) == []
