"""Istio's retry policies."""

from pi_mesh.settings.traffic.retries import Retries
from pi_mesh.values.traffic import stages
from pi_mesh.values.traffic.retries import retry_policy
from tests.support.factories import make_settings


def test_a_policy_without_conditions_gets_the_safe_ones_and_not_istios_own():
    assert retry_policy(Retries(attempts=3)) == {"attempts": 3, "retryOn": "connect-failure,refused-stream"}


def test_a_policy_of_no_attempts_has_no_conditions_which_istio_would_refuse():
    assert retry_policy(Retries(attempts=0)) == {"attempts": 0}


def test_given_conditions_are_kept():
    wanted = Retries(attempts=1, per_try_timeout="2s", retry_on="5xx", idempotent=True)
    assert retry_policy(wanted) == {"attempts": 1, "perTryTimeout": "2s", "retryOn": "5xx"}


def test_a_rule_of_several_methods_has_a_condition_for_each():
    rule = {"prefix": "/prices", "methods": ["GET", "HEAD"], "to": [{"service": "prices"}]}
    (made,) = stages(make_settings(traffic={"routes": {"r": {"hosts": ["prices"], "http": [rule]}}}))[0]
    path = {"uri": {"prefix": "/prices"}}
    assert made["spec"]["http"][0]["match"] == [{**path, "method": {"exact": one}} for one in ("GET", "HEAD")]
