"""Workloads must trust a root certificate, and no CA certificate of the mesh may be about to expire."""

from collections.abc import Iterator
from datetime import datetime

from pi_mesh.catalog import cert_manager
from pi_mesh.certificates import chains, pem
from pi_mesh.checks.finding import Finding, Level, Subject, error, ok, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.settings import Settings

ID = "mesh certificates"


def check(observation: Observation) -> Iterator[Finding]:
    subject = Subject("ConfigMap", f"{observation.settings.istio.namespace}/istio-ca-root-cert")
    if not observation.authority.root_cert:
        yield error(ID, subject, "is not there: no workload can trust another", "see the row of istiod's pods")
        return
    try:
        roots = pem.certificates(observation.authority.root_cert, str(subject))
        signing = observation.authority.cacerts.get("ca-cert.pem")
        signers = [*pem.certificates(signing, "secret cacerts")] if signing is not None else []
    except pem.CertificateError as problem:
        yield error(ID, subject, str(problem), "`pulumi up --refresh`")
        return
    yield ok(ID, subject, f"workloads trust {', '.join(pem.title(root) for root in roots)}")
    yield from (end_of(certificate, observation.settings, observation.now) for certificate in (*signers, *roots))
    if observation.settings.ca.issuer:
        yield from _by_issuer(observation, signers)


def _by_issuer(observation: Observation, signers: list[pem.x509.Certificate]) -> Iterator[Finding]:
    """Judge the Certificate of `ca.issuer`; without a renewal the mesh works until its CA expires."""
    namespace, name = observation.settings.istio.namespace, cert_manager.CERTIFICATE
    certificate, ca = Subject("Certificate", f"{namespace}/{name}"), observation.authority
    if ca.not_issued:
        look = f"`kubectl describe certificate -n {namespace} {name}`"
        yield warning(ID, certificate, f"is not signed, so the CA is not renewed: {ca.not_issued}", look)
    elif ca.issued and signers and observation.settings.ca.source == "issuer":
        offered = pem.certificates(ca.issued, f"secret {namespace}/{name}")
        (renewed, *_), (*_, top), (present, *_) = offered, offered, signers
        if renewed not in signers:
            ends = f"{present.not_valid_after_utc:%Y-%m-%d}"
            known = any(pem.issued(top, root) for root in pem.certificates(ca.root_cert, "the mesh"))
            fix = "`pulumi up`" if known else "its root is another: `python -m operations rotate-ca --root --issuer`"
            yield warning(ID, certificate, f"is renewed, but istiod signs with the previous CA, which ends {ends}", fix)


def end_of(certificate: pem.x509.Certificate, settings: Settings, now: datetime) -> Finding:
    """Judge the remaining lifetime of a CA; the finding's number is in whole days."""
    judged, title = chains.ca_expiry(certificate, now), pem.title(certificate)
    fix = "" if judged.level == "ok" else _renewal(settings)
    return Finding(ID, "certificate", title, Level(judged.level), judged.left.days, judged.message, fix)


def _renewal(settings: Settings) -> str:
    if settings.vault.enabled or settings.ca.source == "issuer":
        return "`python -m operations rotate-ca -s STACK`"
    if settings.ca.source != "istiod":
        return "`python -m operations rotate-ca --root -s STACK` with a new CA: see docs/vault.md, Another root"
    return "istiod renews its own root before its end: see its log (`kubectl logs deploy/istiod`)"
