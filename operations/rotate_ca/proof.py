"""The proof of a rotation: earlier certificates of istiod still verify, and later ones have the new issuer."""

from collections.abc import Callable

from operations.istiod_certificates import IssuedCertificate, Issuer, NoCertificate, issuer
from pi_mesh.certificates import pem
from pi_mesh.checks.finding import Finding, Subject, error, errors, ok
from pi_mesh.cluster import mesh_ca
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.settings import Settings
from pi_mesh.waiting import until

ID, ISTIOD = "certificates", Subject("component", "istiod")
PAUSE = 2.0
"""Seconds between two requests: kubelets bring a changed Secret to istiod within about a minute."""


def with_proof(settings: Settings, rotate: Callable[[], list[Finding]], wait: int) -> list[Finding]:
    """Return the findings of `rotate`, and the proof by one certificate from before it and one from after it.

    If istiod gives no certificate before, nothing is rotated, because nothing could be proven afterwards.
    """
    findings: list[Finding] = []
    try:
        return _with_proof(settings, lambda: findings.extend(rotate()) or findings, wait)
    except ClusterUnreachable as problem:
        if not findings and not isinstance(problem, NoCertificate):
            raise
        what, fix = "nothing was rotated", "repair istiod (`verify` names its problem), then run rotate-ca again"
        if findings:
            what, fix = "nothing is proven", "the CA is renewed: run `verify` when istiod answers"
        return [*findings, error(ID, ISTIOD, f"gives no certificate, so {what}: {problem}", fix)]


def _with_proof(settings: Settings, rotate: Callable[[], list[Finding]], wait: int) -> list[Finding]:
    context, namespace = settings.cluster.context, settings.istio.namespace
    with issuer(context, namespace, settings.trading.namespace) as istiod:
        before = istiod.issue()
        findings = rotate()
        if errors(findings):
            return findings
        after = _after(istiod, before, wait)
    if after is None:
        why = f"istiod has signed with {pem.title(before.issuer)} for {wait} s more"
        return [*findings, error(ID, ISTIOD, why, "look at istiod's log; a restart reads the new CA too")]
    roots = pem.certificates(mesh_ca.read_authority(context, namespace).root_cert, "istio-ca-root-cert")
    return [*findings, *_judged(before, after, roots)]


def _after(istiod: Issuer, before: IssuedCertificate, wait: int) -> IssuedCertificate | None:
    """Return the first certificate of another issuer; None if none comes in time.

    Raises NoCertificate if istiod gave none until the end; earlier failures may come from its restart.
    """

    def is_other(issued: IssuedCertificate) -> bool:
        return issued.issuer != before.issuer

    last = until(istiod.issue, wait, PAUSE, done=is_other, excused=(NoCertificate,))
    return last if is_other(last) else None


def _judged(before: IssuedCertificate, after: IssuedCertificate, roots: pem.Certificates) -> list[Finding]:
    change = f"{pem.title(before.issuer)} -> {pem.title(after.issuer)}"
    findings = [ok(ID, ISTIOD, f"signs with another CA, without a restart: {change}")]
    for when, issued in (("before", before), ("after", after)):
        subject = Subject("certificate", f"a certificate from {when} the rotation")
        if issued.verifies(roots):
            findings.append(ok(ID, subject, "verifies against the roots that workloads trust"))
        else:
            findings.append(error(ID, subject, "does not verify", "restart the workloads with a sidecar"))
    return findings
