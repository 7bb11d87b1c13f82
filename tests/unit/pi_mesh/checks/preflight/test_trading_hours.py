"""The preflight's findings about an `up` within trading hours that restarts proxies."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pi_mesh.checks.finding import Subject, error
from pi_mesh.checks.preflight import trading_hours
from pi_mesh.cluster.ca_state import CA, VaultResource, WantedCa
from pi_mesh.cluster.pods import SIDECAR, Container, Pod
from pi_mesh.cluster.stack_state import NEVER_RUN, StackState
from tests.support.factories import ALWAYS, make_mesh, make_settings
from tests.support.findings import case, table
from tests.support.preflight_problems import assert_told, observation
from tests.support.snapshots import installed_state, make_snapshot

BEFORE = installed_state(make_mesh())
SHOP = Pod("trading", "shop", {"app": "shop"}, containers=(Container(SIDECAR),))
DRAIN, NO_EGRESS = {"ingress": {"drainSeconds": 30}}, {"egress": {"enabled": False}}
VAULT = {"enabled": True, "address": "http://127.0.0.1:1"}
SIGNED, RENEWED = ({"generation": 1, "chain": f"-----BEGIN CERTIFICATE-----{text}"} for text in ("1", "2"))
OUTSIDE = {**VAULT, "signedBy": "outside", "signed": SIGNED}
NOTHING = "ok trading.hours: an `up` would restart neither istiod nor a gateway, and close no connection"
ERROR = "error trading.hours: an `up` "
GOES_ON = ", and trading goes on until 00:00 …PI_MESH_IN_TRADING_HOURS=restart"
NEW_CA = f"{ERROR}replaces the CA that signs every certificate{GOES_ON}"


@pytest.fixture(autouse=True)
def no_permission(monkeypatch):
    monkeypatch.delenv(trading_hours.VARIABLE, raising=False)


def told(state: StackState = BEFORE, hours: dict | None = ALWAYS, **settings: object):
    trading = {"hours": hours} if hours else {}
    return trading_hours.check(observation(make_snapshot(pods=(SHOP,)), state, trading=trading, **settings))


def with_ca(vault: dict) -> StackState:
    """Return the state of a running mesh whose CA is in Vault."""
    mesh = make_mesh(vault=vault)
    resources = WantedCa(CA, mesh.settings.vault).resources().items()
    return replace(installed_state(mesh), vault={name: VaultResource("vault:x:X", keys) for name, keys in resources})


def policy(**labels: str) -> dict:
    return {"traffic": {"authorization": {"policies": {"a": {"selector": labels, "rules": [{"ports": [80]}]}}}}}


@table(
    case("a gateway restarts", BEFORE, DRAIN, f"{ERROR}replaces pods of istio-system/istio-ingressgateway{GOES_ON}"),
    case("a gateway goes", BEFORE, NO_EGRESS, f"{ERROR}deletes pods of istio-system/istio-egressgateway{GOES_ON}"),
    case("nothing changes", BEFORE, {}, NOTHING),
    case("a Service changes", BEFORE, {"ingress": {"service": {"type": "NodePort"}}}, NOTHING),
    case("the mode changes", BEFORE, {"mtls": {"mode": "PERMISSIVE"}}, f"{ERROR}closes connections to every sidecar"),
    case("a policy of pods that do not run", BEFORE, policy(app="risk"), NOTHING),
    case("a policy of pods that run", BEFORE, policy(app="shop"),
        f"{ERROR}closes connections to trading app=shop (AuthorizationPolicy trading/a)"),
    case("a new generation of the CA", with_ca(VAULT), {"vault": {**VAULT, "generation": 2}}, NEW_CA),
    case("another life of the CA", with_ca(VAULT), {"vault": {**VAULT, "ttl": "4380h"}}, NEW_CA),
    case("a CA that a root outside signed", with_ca(OUTSIDE), {"vault": {**OUTSIDE, "signed": RENEWED}}, NEW_CA),
    case("the same CA", with_ca(VAULT), {"vault": VAULT}, NOTHING),
    case("the same CA of a root outside", with_ca(OUTSIDE), {"vault": OUTSIDE}, NOTHING),
    case("a first install with a CA", NEVER_RUN, {"vault": VAULT}, NOTHING),
)  # fmt: skip
def test_an_up_that_restarts_proxies_or_replaces_the_ca_is_refused(state, settings, line):
    assert_told(told(state, **settings), line)


def test_it_is_taken_with_a_warning_when_its_caller_says_so(monkeypatch):
    monkeypatch.setenv(trading_hours.VARIABLE, trading_hours.ALLOWED)
    assert_told(told(**DRAIN), "warning trading.hours")


def test_without_trading_hours_there_is_nothing_to_say():
    assert_told(told(hours=None, **DRAIN))


def test_outside_of_them_everything_is_taken():
    hours = make_settings(trading={"hours": {**ALWAYS, "closes": "00:01", "days": ["Mon"]}}).trading.hours
    assert trading_hours.refused_restart(hours, "it restarts", datetime(2026, 11, 25, 10, tzinfo=UTC)) == []


def test_in_a_preview_the_errors_of_this_check_alone_become_warnings():
    other = error("other", Subject("cluster"), "is wrong", "mend it")
    assert_told(trading_hours.shown_only([*told(**DRAIN), other]), "warning trading.hours", "error cluster: is wrong")
