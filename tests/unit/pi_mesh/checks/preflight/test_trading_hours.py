"""The preflight's findings about an `up` within trading hours that restarts proxies."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pi_mesh.checks.finding import Level, Subject, error
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight import trading_hours
from pi_mesh.cluster.ca_state import CA, VaultResource, WantedCa
from pi_mesh.cluster.stack_state import NEVER_RUN, StackState
from tests.support.factories import make_mesh, make_settings
from tests.support.snapshots import installed_state, make_snapshot

ALWAYS = {
    "timeZone": "Europe/Berlin",
    "opens": "00:00",
    "closes": "00:00",
    "days": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
}
INSIDE = datetime(2026, 11, 25, 10, tzinfo=UTC)
BEFORE = installed_state(make_mesh())


@pytest.fixture(autouse=True)
def nobody_said_so(monkeypatch):
    monkeypatch.delenv(trading_hours.VARIABLE, raising=False)


def findings(hours: dict | None = ALWAYS, state: StackState = BEFORE, **settings: object):
    mesh = make_mesh(trading={"hours": hours} if hours else {}, **settings)
    return list(trading_hours.check(Observation(mesh, make_snapshot(), state)))


def test_an_up_that_restarts_a_gateway_is_refused_until_the_end_of_trading():
    (finding,) = findings(ingress={"drainSeconds": 30})
    assert (finding.level, finding.name) == (Level.ERROR, "trading.hours")
    assert "replaces pods of istio-system/istio-ingressgateway, and trading goes on until 00:00" in finding.message
    assert "PI_MESH_IN_TRADING_HOURS=restart" in finding.fix


def test_it_is_taken_with_a_warning_when_its_caller_says_so(monkeypatch):
    monkeypatch.setenv(trading_hours.VARIABLE, trading_hours.ALLOWED)
    (finding,) = findings(ingress={"drainSeconds": 30})
    assert finding.level is Level.WARNING


@pytest.mark.parametrize(
    "settings", [{}, {"ingress": {"service": {"type": "NodePort"}}}, {"mtls": {"mode": "PERMISSIVE"}}]
)
def test_an_up_that_restarts_nothing_is_taken(settings):
    assert [finding.level for finding in findings(**settings)] == [Level.OK]


VAULT = {"enabled": True, "address": "http://127.0.0.1:1"}
SIGNED, RENEWED = ({"generation": 1, "chain": f"-----BEGIN CERTIFICATE-----{text}"} for text in ("1", "2"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (VAULT, {"generation": 2}),
        (VAULT, {"ttl": "4380h"}),
        (VAULT | {"signedBy": "outside", "signed": SIGNED}, {"signed": RENEWED}),
    ],
    ids=["a new generation", "another life", "what a root outside signed"],
)
def test_an_up_that_exchanges_the_ca_is_refused_though_it_restarts_nothing(before, after):
    (finding,) = findings(state=state_with_ca(before), vault=before | after)
    assert (finding.level, finding.message.partition(", and")[0]) == (
        Level.ERROR,
        "an `up` replaces the CA that signs every certificate",
    )
    (unchanged,) = findings(state=state_with_ca(before), vault=before)
    assert unchanged.level is Level.OK


def state_with_ca(vault: dict) -> StackState:
    """Return the state of a running mesh whose CA is in Vault."""
    mesh = make_mesh(vault=vault)
    made = WantedCa(CA, mesh.settings.vault).resources()
    return replace(installed_state(mesh), vault={name: VaultResource("vault:x:X", keys) for name, keys in made.items()})


def test_a_first_install_with_a_ca_is_taken():
    (finding,) = findings(state=NEVER_RUN, vault=VAULT)
    assert finding.level is Level.OK


def test_without_trading_hours_there_is_nothing_to_say():
    assert findings(None, ingress={"drainSeconds": 30}) == []


def test_outside_of_them_everything_is_taken():
    never = {**ALWAYS, "opens": "00:00", "closes": "00:01", "days": ["Mon"], "holidays": []}
    settings = make_settings(trading={"hours": never})
    assert trading_hours.refused_restart(settings, "it restarts", INSIDE) == []


def test_a_preview_tells_what_up_refuses_as_a_warning():
    (finding,) = trading_hours.shown_only(findings(egress={"enabled": False}))
    assert finding.level is Level.WARNING


def test_an_up_that_removes_a_gateway_names_it():
    (finding,) = findings(egress={"enabled": False})
    assert finding.message.startswith(
        "an `up` deletes pods of istio-system/istio-egressgateway, and trading goes on until"
    )


def test_in_a_preview_the_errors_of_this_check_alone_become_warnings():
    own = findings(ingress={"drainSeconds": 30})
    other = [error("other", Subject("cluster"), "is wrong", "mend it")]
    assert [finding.level for finding in trading_hours.shown_only([*own, *other])] == [Level.WARNING, Level.ERROR]
