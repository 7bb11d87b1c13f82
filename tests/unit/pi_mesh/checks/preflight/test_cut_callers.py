"""The findings about callers that STRICT or a default deny would begin to refuse."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Finding
from pi_mesh.checks.preflight import cut_callers
from pi_mesh.cluster.audit_log import AuditedCall, AuditLog
from pi_mesh.cluster.pods import Container
from pi_mesh.cluster.stack_state import RecordedAccess
from tests.support.factories import make_mesh
from tests.support.healthy_mesh import in_cluster, make_verification
from tests.support.preflight_problems import observation
from tests.support.snapshots import make_pod, make_snapshot, state_of

SIDECAR = make_pod("app-0", namespace="trading", containers=(Container("app"), Container("istio-proxy")))
RESEARCH = replace(SIDECAR, namespace="research")
BARE = AuditedCall("pod dev/tester", "trading/app", 8080, True, True, {"app": "app"}, 3)
MESHED = AuditedCall("service account argocd/default", "trading/app", 8080, False, True, {"app": "app"}, 2)
CALLS, NO_CALLS = AuditLog((BARE, MESHED)), AuditLog(())
PERMISSIVE = RecordedAccess("PERMISSIVE", audited=frozenset({"trading"}))
STRICT = replace(PERMISSIVE, mtls_mode="STRICT")
DENYING = replace(STRICT, denies=frozenset({"trading"}))
UNAUDITED = RecordedAccess("PERMISSIVE")
MTLS_KEY, DENY_KEY = "mtls.mode", "traffic.authorization.defaultDeny.enabled"


def found(
    recorded: RecordedAccess = PERMISSIVE, audit: AuditLog | None = CALLS, pods: tuple = (SIDECAR,), **settings: object
) -> list[Finding]:
    """Return the findings about an `up` on a mesh with this access."""
    state = state_of("istio-system", "trading", "research", access=recorded)
    return [*cut_callers.check(observation(make_snapshot(pods=pods, audit=audit), state, **settings))]


def deny(**more: bool) -> dict:
    return {"traffic": {"authorization": {"defaultDeny": {"enabled": True, **more}}}}


def legacy(**workload: object) -> dict:
    return {"traffic": {"legacy": {"old": workload}}, "namespaces": {"research": {}}}


CLEAN = "shows no caller that it refuses"
TESTER = "in the last 24 hours: pod dev/tester to trading/app port 8080 (3x)"
BOTH = f"{TESTER}, service account argocd/default to trading/app port 8080 (2x)"
JUDGED = {
    "STRICT is refused while a caller in plain text was seen, who alone is named":
        (PERMISSIVE, {}, "error", MTLS_KEY, TESTER, "mtls.allowCutOff: true"),
    "STRICT is allowed by a setting":
        (PERMISSIVE, {"mtls": {"allowCutOff": True}}, "warning", MTLS_KEY, TESTER, "mtls.allowCutOff allows it"),
    "a caller of a legacy workload keeps calling under STRICT":
        (PERMISSIVE, legacy(selector={"app": "app"}), "ok", MTLS_KEY, CLEAN, ""),
    "a legacy workload of other labels exempts no caller":
        (PERMISSIVE, legacy(selector={"app": "other"}), "error", MTLS_KEY, TESTER, ""),
    "a legacy workload of another namespace exempts no caller":
        (PERMISSIVE, legacy(selector={"app": "app"}, namespace="research"), "error", MTLS_KEY, TESTER, ""),
    "a default deny is refused while callers were seen that it refuses":
        (STRICT, deny(), "error", DENY_KEY, BOTH, "defaultDeny.allowCutOff: true"),
    "a default deny is allowed by a setting":
        (STRICT, deny(allowCutOff=True), "warning", DENY_KEY, BOTH, "defaultDeny.allowCutOff allows it"),
}  # fmt: skip


@pytest.mark.parametrize(("recorded", "settings", "level", "key", "words", "fix"), JUDGED.values(), ids=JUDGED)
def test_an_up_that_begins_to_refuse_callers_is_compared_with_the_audit(recorded, settings, level, key, words, fix):
    (finding,) = found(recorded, **settings)
    assert (finding.level, finding.name) == (level, key)
    assert finding.message.endswith(words)
    assert fix in finding.fix


def test_a_caller_whom_a_default_deny_admits_is_not_refused():
    (finding,) = found(STRICT, AuditLog((replace(BARE, denied=False),)), **deny())
    assert finding.level == "ok"


@pytest.mark.parametrize(
    ("recorded", "settings"),
    [(STRICT, {}), (DENYING, deny()), (RecordedAccess(), {}), (PERMISSIVE, {"mtls": {"mode": "PERMISSIVE"}})],
    ids=["STRICT already", "a default deny already", "a first run", "nothing is turned on"],
)
def test_what_is_on_already_or_new_is_not_judged(recorded, settings):
    assert found(recorded, **settings) == []


STRANGERS = {
    "no audit is on": (UNAUDITED, None, (SIDECAR,), ["warning"], "trading"),
    "no log was read": (PERMISSIVE, None, (SIDECAR,), ["warning"], "trading"),
    "one namespace of two is audited": (PERMISSIVE, NO_CALLS, (SIDECAR, RESEARCH), ["warning", "ok"], "research"),
    "another namespace is audited": (PERMISSIVE, NO_CALLS, (RESEARCH,), ["warning"], "research"),
}


@pytest.mark.parametrize(("recorded", "audit", "pods", "levels", "names"), STRANGERS.values(), ids=STRANGERS)
def test_namespaces_whose_callers_nobody_knows_are_named(recorded, audit, pods, levels, names):
    first, *more = found(recorded, audit, pods, namespaces={"research": {}})
    assert [first.level, *(finding.level for finding in more)] == levels
    assert first.message == f"begins to refuse callers of {names}, and no audit has shown who they are"
    assert "mtls.audit: true" in first.fix


def test_without_a_running_proxy_nobody_is_cut_off():
    assert found(UNAUDITED, None, ()) == []


UNREAD = AuditLog((), ("trading/app-0 (pods is forbidden)",))


def test_a_log_that_was_not_read_is_unknown_with_its_reason():
    unread, clean = found(audit=UNREAD)
    assert (unread.level, str(unread.subject), clean.level) == ("unknown", "pod trading/app-0", "ok")
    assert "(pods is forbidden)" in unread.message


@pytest.mark.parametrize(("count", "end"), [(5, "pod dev/4 to trading/app port 8080 (3x)"), (7, "and 2 more")])
def test_the_callers_after_the_first_five_are_counted(count, end):
    calls = [replace(BARE, caller=f"pod dev/{number}") for number in range(count)]
    assert cut_callers.calls_in_words(calls).endswith(end)


def test_the_default_deny_of_a_further_namespace_is_judged_by_the_calls_to_that_namespace():
    audit = AuditLog((BARE, replace(MESHED, callee="research/server")))
    recorded = replace(STRICT, audited=frozenset({"trading", "research"}))
    research = {"research": {"defaultDeny": {"enabled": True}}}
    (finding,) = found(recorded, audit, (SIDECAR, RESEARCH), namespaces=research)
    assert (finding.level, finding.name) == ("error", "namespaces.research.defaultDeny.enabled")
    assert finding.message.endswith("hours: service account argocd/default to research/server port 8080 (2x)")


DENY_AUDIT = {"traffic": {"authorization": {"defaultDeny": {"audit": True}}}}
MTLS_AUDIT = {"mtls": {"mode": "PERMISSIVE", "audit": True}}
ASKED, NOT_DENIED, NOT_PLAIN = (AuditLog((call,)) for call in (BARE, replace(BARE, denied=False), MESHED))
MESSAGE = "was called 3x on port 8080 by pod dev/tester, which {} would refuse"
APP = "workload trading/app"
AUDITS = {
    "the default deny would refuse": (DENY_AUDIT, ASKED, "warning", APP, 3, MESSAGE.format("the default deny")),
    "STRICT would refuse": (MTLS_AUDIT, ASKED, "warning", APP, 3, MESSAGE.format("STRICT")),
    "the default deny admits the caller": (DENY_AUDIT, NOT_DENIED, "ok", "traffic.authorization.defaultDeny", 0, ""),
    "STRICT admits a caller with a sidecar": (MTLS_AUDIT, NOT_PLAIN, "ok", "mtls.audit", 0, ""),
    "the logs were not read": (DENY_AUDIT, None, "unknown", "traffic.authorization.defaultDeny.audit", None, ""),
    "a proxy's log was not read": (DENY_AUDIT, UNREAD, "unknown", "pod trading/app-0", None, "its audit log"),
    "nobody called": (MTLS_AUDIT, NO_CALLS, "ok", "mtls.audit", 0, "in the last"),
}  # fmt: skip


@pytest.mark.parametrize(("settings", "log", "level", "subject", "number", "words"), AUDITS.values(), ids=AUDITS)
def test_the_verification_names_the_callers_that_would_be_refused(settings, log, level, subject, number, words):
    verification = in_cluster(make_verification(make_mesh(**settings)), audit=log)
    (finding,) = cut_callers.check_audit(verification)
    assert (finding.level, finding.number) == (level, number)
    assert str(finding.subject).startswith(subject)
    assert finding.message.startswith(words)


def test_without_an_audit_there_is_no_row():
    assert [*cut_callers.check_audit(make_verification())] == []
