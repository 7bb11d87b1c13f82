"""The findings about callers whose sidecars do not know the namespace that admits them."""

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.traffic.scopes import check
from tests.support.factories import make_settings

ADMITS_TRADING = {"research": {"defaultDeny": {"enabled": True, "allowNamespaces": ["research", "trading"]}}}


def test_a_caller_that_does_not_know_the_called_namespace_is_told_to_add_it():
    (found,) = check(make_settings(namespaces=ADMITS_TRADING), None)
    assert found.level is Level.WARNING
    assert str(found) == (
        "trading.sidecarScope: does not have research, whose rules admit trading: sidecars of trading would send these "
        'calls in plain text, without an identity; add "research/*"'
    )


@pytest.mark.parametrize(
    "trading",
    [
        {"sidecarScope": ["./*", "research/*"]},
        {"sidecarScope": ["*/*"]},
        {"sidecarScope": []},
        {"bounds": {"sidecar": False}},
    ],
)
def test_a_caller_that_knows_it_is_well(trading):
    assert list(check(make_settings(trading=trading, namespaces=ADMITS_TRADING), None)) == []


def test_callers_of_other_namespaces_have_scopes_of_their_own():
    policy = {"namespace": "research", "rules": [{"namespaces": ["argocd"]}]}
    traffic = {"authorization": {"policies": {"argo": policy}}}
    assert list(check(make_settings(namespaces={"research": {}}, traffic=traffic), None)) == []


def test_a_denial_admits_nobody():
    policy = {"namespace": "research", "action": "DENY", "rules": [{"namespaces": ["trading"]}]}
    traffic = {"authorization": {"policies": {"no": policy}}}
    assert list(check(make_settings(namespaces={"research": {}}, traffic=traffic), None)) == []
