"""The mesh's certificates must come from the wanted CA, and the CA's certificates must not be about to expire."""

from collections.abc import Iterator
from datetime import datetime

from pi_mesh.certificates import expiry, pem
from pi_mesh.checks.finding import Finding, Level, Subject, error, ok
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.settings import Settings

ID = "mesh certificates"
LEVELS = {"ok": Level.OK, "warning": Level.WARNING, "error": Level.ERROR}


def check(seen: VerificationInput) -> Iterator[Finding]:
    subject = Subject("ConfigMap", f"{seen.settings.istio.namespace}/istio-ca-root-cert")
    if not seen.authority.root_cert:
        yield error(ID, subject, "is not there: no workload can trust another", "see the row of istiod's pods")
        return
    try:
        roots = pem.certificates(seen.authority.root_cert, str(subject))
        signers = [one for text in _signers(seen) for one in pem.certificates(text, "secret cacerts")]
    except pem.CertificateError as problem:
        yield error(ID, subject, str(problem), "`pulumi up --refresh`")
        return
    yield ok(ID, subject, f"workloads trust {', '.join(pem.title(root) for root in roots)}")
    yield from (end_of(certificate, seen.settings, seen.now) for certificate in (*signers, *roots))


def end_of(certificate: pem.x509.Certificate, settings: Settings, now: datetime) -> Finding:
    """Judge the remaining lifetime of a CA; the finding's number is in whole days."""
    judged = expiry.judge(certificate, now)
    fix = "" if judged.level == "ok" else _renewal(settings)
    title, level = pem.title(certificate), LEVELS[judged.level]
    return Finding(ID, "certificate", title, level, judged.left.days, judged.message, fix)


def _signers(seen: VerificationInput) -> list[str]:
    return [text for name, text in seen.authority.cacerts.items() if name == "ca-cert.pem"]


def _renewal(settings: Settings) -> str:
    if settings.vault.enabled:
        return "`python -m operations rotate-ca -s STACK`"
    if settings.ca.source != "istiod":
        return "`python -m operations rotate-ca --root -s STACK` with a new CA: see docs/vault.md, Another root"
    return "istiod renews its own root before its end: see its log (`kubectl logs deploy/istiod`)"
