"""The verification's findings about audited calls."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.verify import audited_calls
from pi_mesh.cluster.audit_log import AuditedCall, AuditLog
from tests.support.factories import make_mesh
from tests.support.healthy_mesh import in_cluster, make_verification

CALL = AuditedCall("pod dev/tester", "trading/app", 8080, True, True, {"app": "app"}, 3)
DENY = {"traffic": {"authorization": {"defaultDeny": {"audit": True}}}}
MTLS = {"mtls": {"mode": "PERMISSIVE", "audit": True}}


def found(log: AuditLog | None, **settings: object) -> list[Finding]:
    return [*audited_calls.check(in_cluster(make_verification(make_mesh(**settings)), audit=log))]


@pytest.mark.parametrize(("settings", "refuser"), [(DENY, "the default deny"), (MTLS, "STRICT")])
def test_a_call_that_would_be_refused_names_the_caller_and_who_would_refuse_it(settings, refuser):
    (finding,) = found(AuditLog((CALL,)), **settings)
    assert (finding.level, str(finding.subject), finding.number) == (Level.WARNING, "workload trading/app", 3)
    assert finding.message == f"was called 3x on port 8080 by pod dev/tester, which {refuser} would refuse"


@pytest.mark.parametrize(
    ("settings", "call"), [(DENY, replace(CALL, denied=False)), (MTLS, replace(CALL, plain_text=False))]
)
def test_a_call_that_would_pass_is_not_named(settings, call):
    (finding,) = found(AuditLog((call,)), **settings)
    assert finding.level is Level.OK


def test_without_an_audit_there_is_no_row():
    assert found(None) == []


def test_an_audit_whose_logs_were_not_read_is_unknown():
    (finding,) = found(None, **DENY)
    assert finding.level is Level.UNKNOWN


def test_a_proxy_whose_log_was_not_read_keeps_the_audit_from_being_ok():
    (finding,) = found(AuditLog((), ("trading/app-0 (forbidden)",)), **DENY)
    assert (finding.level, str(finding.subject)) == (Level.UNKNOWN, "pod trading/app-0")


@pytest.mark.parametrize("settings", [DENY, MTLS])
def test_an_audit_without_a_call_counts_none(settings):
    (finding,) = found(AuditLog(()), **settings)
    assert (finding.level, finding.number) == (Level.OK, 0)
