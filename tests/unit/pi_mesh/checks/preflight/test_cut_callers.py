"""The findings about callers that STRICT or a default deny would begin to refuse."""

from dataclasses import replace

import pytest

from pi_mesh import inventory
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight import cut_callers
from pi_mesh.cluster.audit_log import AuditedCall, AuditLog
from pi_mesh.cluster.pods import Container
from pi_mesh.cluster.stack_state import RecordedAccess
from tests.support.factories import STACK, make_mesh, make_settings
from tests.support.healthy_mesh import in_cluster, make_verification
from tests.support.snapshots import make_pod, make_snapshot, state_of

SIDECAR = make_pod("app-0", namespace="trading", containers=(Container("app"), Container("istio-proxy")))
BARE = AuditedCall("pod dev/tester", "trading/app", 8080, True, True, {"app": "app"}, 3)
MESHED = AuditedCall("service account argocd/default", "trading/app", 8080, False, True, {"app": "app"}, 2)
PERMISSIVE = RecordedAccess("PERMISSIVE", audited=frozenset({"trading"}))
STRICT = replace(PERMISSIVE, mtls_mode="STRICT")
DENY = {"authorization": {"defaultDeny": {"enabled": True}}}
ALLOWED = {"authorization": {"defaultDeny": {"enabled": True, "allowCutOff": True}}}


def found(*calls: AuditedCall, recorded: RecordedAccess = PERMISSIVE, log: bool = True, pods=(SIDECAR,), **settings):
    snapshot = make_snapshot(pods=pods, audit=AuditLog(calls) if log else None)
    state = state_of(access=recorded)
    return [
        *cut_callers.check(Observation(inventory.mesh_inventory(make_settings(**settings), STACK), snapshot, state))
    ]


def test_strict_is_refused_while_a_caller_in_plain_text_was_seen_and_the_caller_is_named():
    (finding,) = found(BARE, MESHED)
    assert (finding.level, str(finding.subject)) == (Level.ERROR, "mtls.mode")
    assert "pod dev/tester to trading/app port 8080 (3x)" in finding.message
    assert "argocd" not in finding.message
    assert "mtls.allowCutOff: true" in finding.fix


def test_strict_is_allowed_by_a_setting():
    (finding,) = found(BARE, mtls={"allowCutOff": True})
    assert finding.level is Level.WARNING


def test_a_caller_of_a_legacy_workload_keeps_calling_under_strict():
    (finding,) = found(BARE, traffic={"legacy": {"old": {"selector": {"app": "app"}}}})
    assert finding.level is Level.OK


@pytest.mark.parametrize(
    "legacy", [{"selector": {"app": "other"}}, {"selector": {"app": "app"}, "namespace": "research"}]
)
def test_a_legacy_workload_of_other_labels_or_another_namespace_exempts_no_caller(legacy):
    findings = found(BARE, traffic={"legacy": {"old": legacy}}, namespaces={"research": {}})
    assert Level.ERROR in {finding.level for finding in findings}


def test_a_default_deny_is_refused_while_a_caller_was_seen_that_it_refuses():
    (finding,) = found(MESHED, recorded=STRICT, traffic=DENY)
    assert (finding.level, str(finding.subject)) == (Level.ERROR, "traffic.authorization.defaultDeny.enabled")
    assert "service account argocd/default to trading/app port 8080 (2x)" in finding.message


def test_a_default_deny_is_allowed_by_a_setting():
    (finding,) = found(MESHED, recorded=STRICT, traffic=ALLOWED)
    assert finding.level is Level.WARNING


@pytest.mark.parametrize(
    ("recorded", "traffic"),
    [
        (STRICT, {}),
        (replace(STRICT, denies=frozenset({"trading"})), DENY),
        (RecordedAccess(), {}),
    ],
)
def test_what_is_on_already_or_new_is_not_judged(recorded, traffic):
    assert found(BARE, MESHED, recorded=recorded, traffic=traffic) == []


def test_a_change_without_an_audit_is_told_with_the_setting_that_audits():
    (finding,) = found(log=False, recorded=RecordedAccess("PERMISSIVE"))
    assert finding.level is Level.WARNING
    assert "mtls.audit: true" in finding.fix


def test_without_a_running_proxy_in_trading_nobody_is_cut_off():
    assert found(log=False, recorded=RecordedAccess("PERMISSIVE"), pods=()) == []


def test_a_log_that_was_not_read_is_unknown_with_its_reason():
    snapshot = make_snapshot(pods=(SIDECAR,), audit=AuditLog((), ("trading/app-0 (pods is forbidden)",)))
    mesh = inventory.mesh_inventory(make_settings(), STACK)
    unread, clean = cut_callers.check(Observation(mesh, snapshot, state_of(access=PERMISSIVE)))
    assert (unread.level, str(unread.subject)) == (Level.UNKNOWN, "pod trading/app-0")
    assert "(pods is forbidden)" in unread.message
    assert clean.level is Level.OK


def test_many_callers_are_named_by_the_most_frequent_five():
    calls = [replace(BARE, caller=f"pod dev/{number}") for number in range(7)]
    assert cut_callers.calls_in_words(calls).endswith("and 2 more")


def test_the_default_deny_of_a_further_namespace_is_judged_by_the_calls_to_that_namespace():
    deny = {"research": {"defaultDeny": {"enabled": True}}}
    snapshot = make_snapshot(
        pods=(SIDECAR, replace(SIDECAR, namespace="research")),
        audit=AuditLog((BARE, replace(MESHED, callee="research/server"))),
    )
    state = state_of("istio-system", "trading", "research", access=replace(STRICT, audited={"trading", "research"}))
    (finding,) = cut_callers.check(
        Observation(inventory.mesh_inventory(make_settings(namespaces=deny), STACK), snapshot, state)
    )
    assert (finding.level, str(finding.subject)) == (Level.ERROR, "namespaces.research.defaultDeny.enabled")
    assert "research/server" in finding.message
    assert "dev/tester" not in finding.message


def test_a_namespace_whose_proxies_no_audit_watched_is_named():
    snapshot = make_snapshot(pods=(SIDECAR, replace(SIDECAR, namespace="research")), audit=AuditLog(()))
    mesh = inventory.mesh_inventory(make_settings(namespaces={"research": {}}), STACK)
    unwatched, clean = cut_callers.check(Observation(mesh, snapshot, state_of(access=PERMISSIVE)))
    assert (unwatched.level, clean.level) == (Level.WARNING, Level.OK)
    assert "begins to refuse callers of research, " in unwatched.message


def test_an_audit_of_other_namespaces_clears_none():
    snapshot = make_snapshot(pods=(replace(SIDECAR, namespace="research"),), audit=AuditLog(()))
    mesh = inventory.mesh_inventory(make_settings(namespaces={"research": {}}), STACK)
    (finding,) = cut_callers.check(Observation(mesh, snapshot, state_of(access=PERMISSIVE)))
    assert finding.level is Level.WARNING


CALL = AuditedCall("pod dev/tester", "trading/app", 8080, True, True, {"app": "app"}, 3)
DENY_OF_AUDITED_CALLS = {"traffic": {"authorization": {"defaultDeny": {"audit": True}}}}
MTLS = {"mtls": {"mode": "PERMISSIVE", "audit": True}}


def found_of_audited_calls(log: AuditLog | None, **settings: object) -> list[Finding]:
    return [*cut_callers.check_audit(in_cluster(make_verification(make_mesh(**settings)), audit=log))]


@pytest.mark.parametrize(("settings", "refuser"), [(DENY_OF_AUDITED_CALLS, "the default deny"), (MTLS, "STRICT")])
def test_a_call_that_would_be_refused_names_the_caller_and_who_would_refuse_it(settings, refuser):
    (finding,) = found_of_audited_calls(AuditLog((CALL,)), **settings)
    assert (finding.level, str(finding.subject), finding.number) == (Level.WARNING, "workload trading/app", 3)
    assert finding.message == f"was called 3x on port 8080 by pod dev/tester, which {refuser} would refuse"


@pytest.mark.parametrize(
    ("settings", "call"),
    [(DENY_OF_AUDITED_CALLS, replace(CALL, denied=False)), (MTLS, replace(CALL, plain_text=False))],
)
def test_a_call_that_would_pass_is_not_named(settings, call):
    (finding,) = found_of_audited_calls(AuditLog((call,)), **settings)
    assert finding.level is Level.OK


def test_without_an_audit_there_is_no_row():
    assert found_of_audited_calls(None) == []


def test_an_audit_whose_logs_were_not_read_is_unknown():
    (finding,) = found_of_audited_calls(None, **DENY_OF_AUDITED_CALLS)
    assert finding.level is Level.UNKNOWN


def test_a_proxy_whose_log_was_not_read_keeps_the_audit_from_being_ok():
    (finding,) = found_of_audited_calls(AuditLog((), ("trading/app-0 (forbidden)",)), **DENY_OF_AUDITED_CALLS)
    assert (finding.level, str(finding.subject)) == (Level.UNKNOWN, "pod trading/app-0")


@pytest.mark.parametrize("settings", [DENY_OF_AUDITED_CALLS, MTLS])
def test_an_audit_without_a_call_counts_none(settings):
    (finding,) = found_of_audited_calls(AuditLog(()), **settings)
    assert (finding.level, finding.number) == (Level.OK, 0)
