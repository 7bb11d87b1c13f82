"""The rule that the trading namespace gets sidecars."""

from policies.rules import injection
from tests.support.policy_resources import kubernetes, said


def trading(**labels: str) -> dict:
    return kubernetes("v1", "Namespace", "trading", labels=labels)


def test_a_trading_namespace_without_injection_is_refused():
    assert said(injection.RULE, trading())[0].startswith("namespace trading has istio-injection=None. Fix:")
    assert len(said(injection.RULE, trading(**{"istio-injection": "disabled"}))) == 1


def test_only_listed_namespaces_need_injection():
    assert said(injection.RULE, trading(), namespaces=["shop"]) == []
