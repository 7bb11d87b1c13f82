"""The findings about callers that STRICT or a default deny would begin to refuse."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pi_mesh.checks.preflight.cut_callers import calls_in_words, check, check_audit
from pi_mesh.cluster.audit_log import AuditedCall, AuditLog, Memory
from pi_mesh.cluster.pods import Container
from pi_mesh.cluster.stack_state import RecordedAccess
from tests.support.factories import make_mesh
from tests.support.findings import case, table
from tests.support.healthy_mesh import in_cluster, make_verification
from tests.support.preflight_problems import assert_told, observation
from tests.support.snapshots import make_pod, make_snapshot, state_of

SIDECAR = make_pod("app-0", namespace="trading", containers=(Container("app"), Container("istio-proxy")))
BOTH = (SIDECAR, replace(SIDECAR, namespace="research"))
BARE = AuditedCall("pod dev/tester", "trading/app", 8080, True, True, {"app": "app"}, count=3)
MESHED = AuditedCall("service account argocd/default", "trading/app", 8080, False, True, {"app": "app"}, count=2)
ADMITTED, CALLS, NO_CALLS = AuditLog((replace(BARE, denied=False),)), AuditLog((BARE, MESHED)), AuditLog(())
RESEARCHED = AuditLog((BARE, replace(MESHED, callee="research/server")))
UNREAD = AuditLog((), ("trading/app-0 (pods is forbidden)",))
UNAUDITED, PERMISSIVE = RecordedAccess("PERMISSIVE"), RecordedAccess("PERMISSIVE", audited=frozenset({"trading"}))
STRICT = replace(PERMISSIVE, mtls_mode="STRICT")
DENYING, AUDITED = replace(STRICT, denies={"trading"}), replace(STRICT, audited={"trading", "research"})
RESEARCH = {"namespaces": {"research": {}}}
MTLS, DENY = "mtls.mode", "traffic.authorization.defaultDeny"
SEEN = "refuses callers that the audit saw in the last 24 hours: pod dev/tester to trading/app port 8080 (3x)"
ALL_SEEN = f"{SEEN}, service account argocd/default to trading/app port 8080 (2x)"
NONE = "the audit saw no caller in the last 24 hours that it refuses, and nothing older is remembered"
CLEAN = f"warning {MTLS}: {NONE}"
STRANGERS = "warning {}: begins to refuse callers of {}, and no audit has shown who they are; set {}.audit: true first"
OF_TRADING, OF_RESEARCH = (STRANGERS.format(MTLS, name, "mtls") for name in ("trading", "research"))


def deny(**more: bool) -> dict:
    return {"traffic": {"authorization": {"defaultDeny": {"enabled": True, **more}}}}


def legacy(**workload: object) -> dict:
    return {"traffic": {"legacy": {"old": workload}}, **RESEARCH}


@table(
    case("STRICT is refused while a caller in plain text was seen, who alone is named", PERMISSIVE, CALLS, BOTH[:1], {},
        [f"error {MTLS}: {SEEN}; …mtls.allowCutOff: true…[1]"]),
    case("STRICT is allowed by a setting", PERMISSIVE, CALLS, BOTH[:1], {"mtls": {"allowCutOff": True}},
        [f"warning {MTLS}: {SEEN}; mtls.allowCutOff allows it [1]"]),
    case("a legacy workload's callers keep calling", PERMISSIVE, CALLS, BOTH[:1],
        legacy(selector={"app": "app"}), [CLEAN]),
    case("a legacy workload of other labels exempts no caller", PERMISSIVE, CALLS, BOTH[:1],
        legacy(selector={"app": "other"}), [f"error {MTLS}: {SEEN}"]),
    case("a legacy workload of another namespace exempts no caller", PERMISSIVE, CALLS, BOTH[:1],
        legacy(selector={"app": "app"}, namespace="research"), [f"error {MTLS}: {SEEN}"]),
    case("a default deny is refused while callers were seen that it refuses", STRICT, CALLS, BOTH[:1], deny(),
        [f"error {DENY}.enabled: {ALL_SEEN}; …{DENY}.allowCutOff: true…[2]"]),
    case("a default deny is allowed by a setting", STRICT, CALLS, BOTH[:1], deny(allowCutOff=True),
        [f"warning {DENY}.enabled: {ALL_SEEN}; {DENY}.allowCutOff allows it [2]"]),
    case("a default deny refuses nobody whom it admits", STRICT, ADMITTED, BOTH[:1], deny(),
        [f"warning {DENY}.enabled: {NONE}"]),
    case("the default deny of a further namespace is judged by the calls to that namespace", AUDITED, RESEARCHED, BOTH,
        {"namespaces": {"research": {"defaultDeny": {"enabled": True}}}},
        ["error namespaces.research.defaultDeny.enabled: …hours: service account argocd/default to research/…[1]"]),
    case("STRICT that is on already is not judged", STRICT, CALLS, BOTH[:1], {}, []),
    case("nor a default deny", DENYING, CALLS, BOTH[:1], deny(), []),
    case("nor a first run", RecordedAccess(), CALLS, BOTH[:1], {}, []),
    case("nor what stays off", PERMISSIVE, CALLS, BOTH[:1], {"mtls": {"mode": "PERMISSIVE"}}, []),
    case("without an audit nobody knows", UNAUDITED, None, BOTH[:1], {}, [OF_TRADING]),
    case("without its log nobody knows", PERMISSIVE, None, BOTH[:1], {}, [OF_TRADING]),
    case("one namespace of two is audited", PERMISSIVE, NO_CALLS, BOTH, RESEARCH, [OF_RESEARCH, CLEAN]),
    case("an audit of other namespaces clears none", PERMISSIVE, NO_CALLS, BOTH[1:], RESEARCH, [OF_RESEARCH]),
    case("without a running proxy nobody is cut off", UNAUDITED, None, (), {}, []),
    case("a log that was not read is unknown with its reason", PERMISSIVE, UNREAD, BOTH[:1], {},
        ["unknown pod trading/app-0: its audit log was not read (pods is forbidden)", CLEAN]),
)  # fmt: skip
def test_an_up_that_begins_to_refuse_callers_is_compared_with_the_audit(recorded, audit, pods, settings, lines):
    state = state_of("istio-system", "trading", "research", access=recorded)
    assert_told(check(observation(make_snapshot(pods=pods, audit=audit), state, **settings)), *lines)


DENIED = replace(MESHED, identity="cluster.local/ns/argocd/sa/default", first="2026-11-25T00:00:00Z", count=1)
OLD = AuditLog((), memory=Memory("2026-11-20T00:00:00Z", "2026-12-03T00:00:00Z"))
YOUNG = replace(OLD, memory=Memory("2026-12-02T10:00:00Z", "2026-12-03T00:00:00Z"))
KEPT = replace(OLD, calls=(replace(DENIED, count=9),), memory=replace(OLD.memory, calls=(DENIED,)))
GIVEN = replace(OLD, memory=replace(OLD.memory, calls=(replace(BARE, caller="workload trading/app-0"),)))
ALLOWED = {"policies": {"argocd": {"rules": [{"namespaces": ["argocd"]}]}}}
SINCE = f"{DENY}.enabled: the audit saw no caller since"


@table(
    case("a week without a caller is enough", OLD, {}, f"ok {SINCE} 2026-11-20T00:00:00Z that it refuses"),
    case("a day is not", YOUNG, {}, f"warning {SINCE} 2026-12-02T10:00:00Z…has run for a week on 2026-12-09 10:00 UTC"),
    case("nor a week without a run of a CronJob", replace(OLD, waiting=("ops/monthly",)), {},
        f"warning {SINCE} …and CronJob ops/monthly has not run in that time"),
    case("a remembered caller counts once", KEPT, {}, f"error {DENY}.enabled: …since 2026-11-20…argocd/default…(1x)"),
    case("but not one that a policy admits by now", KEPT, ALLOWED, f"ok {SINCE}"),
    case("nor one without an identity that has a sidecar by now", GIVEN, {}, f"ok {SINCE}"),
)  # fmt: skip
def test_a_default_deny_is_compared_with_what_is_remembered(log, settings, line):
    traffic = {"traffic": {"authorization": {"defaultDeny": {"enabled": True}, **settings}}}
    state = state_of("istio-system", "trading", access=STRICT)
    cluster = make_snapshot(pods=BOTH[:1], audit=log)
    seen_at = replace(observation(cluster, state, **traffic), now=datetime(2026, 12, 3, tzinfo=UTC))
    assert_told(check(seen_at), line)


@pytest.mark.parametrize(("count", "end"), [(5, "pod dev/4 to trading/app port 8080 (3x)"), (7, "and 2 more")])
def test_the_callers_after_the_first_five_are_counted(count, end):
    assert calls_in_words(replace(BARE, caller=f"pod dev/{number}") for number in range(count)).endswith(end)


DENY_AUDIT, MTLS_AUDIT = deny(enabled=False, audit=True), {"mtls": {"mode": "PERMISSIVE", "audit": True}}
CALLED = "warning workload trading/app: was called 3x on port 8080 by pod dev/tester, which {} would refuse; …[3]"


@table(
    case("the default deny would refuse", DENY_AUDIT, AuditLog((BARE,)), [CALLED.format("the default deny")]),
    case("STRICT would refuse", MTLS_AUDIT, AuditLog((BARE,)), [CALLED.format("STRICT")]),
    case("the default deny admits the caller", DENY_AUDIT, ADMITTED, [f"ok {DENY}.audit: in the last…[0]"]),
    case("STRICT admits a caller with a sidecar", MTLS_AUDIT, AuditLog((MESHED,)), ["ok mtls.audit: in the last…[0]"]),
    case("the logs were not read", DENY_AUDIT, None, [f"unknown {DENY}.audit: the proxies' logs were not read"]),
    case("a proxy's log was not read", DENY_AUDIT, UNREAD, ["unknown pod trading/app-0: its audit log was not read"]),
    case("nobody called", MTLS_AUDIT, NO_CALLS, ["ok mtls.audit: in the last 24 hours no call that STRICT…[0]"]),
    case("nothing is audited", {}, None, []),
)
def test_the_verification_names_the_callers_that_would_be_refused(settings, log, lines):
    assert_told(check_audit(in_cluster(make_verification(make_mesh(**settings)), audit=log)), *lines)
