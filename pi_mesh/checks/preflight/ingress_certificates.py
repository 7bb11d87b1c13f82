"""Each listener with TLS must have a certificate that is valid now and names its hosts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from pi_mesh.checks.finding import Finding, Subject, as_warning, error, ok, unknown, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster.snapshot import IngressSecret
from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.gateways import GatewayTls

ID = "ingress certificates"
SOON = timedelta(days=21)
"""Time before its end at which a certificate is named. cert-manager renews one of 90 days 30 days before."""


@dataclass(frozen=True)
class _Case:
    """A Secret and the listeners that serve its certificate."""

    settings: Settings
    secret: IngressSecret

    @property
    def home(self) -> str:
        return self.settings.ingress_namespace

    @property
    def subject(self) -> Subject:
        return Subject("secret", f"{self.home}/{self.secret.name}")

    @property
    def users(self) -> dict[str, GatewayTls]:
        tls = {name: listener.tls for name, listener in self.settings.traffic.gateways.items() if listener.tls}
        return {name: own for name, own in tls.items() if own.secret == self.secret.name}

    @property
    def hosts(self) -> list[str]:
        """Return the hosts by name; a listener for every host says nothing of its certificate."""
        hosts = dict.fromkeys(host for name in self.users for host in self.settings.traffic.gateways[name].hosts)
        return [host for host in hosts if host != "*"]

    def unserved(self, message: str, fix: str) -> Finding:
        return error(ID, self.subject, f"{message}: {' and '.join(self.users)} is not served with TLS", fix)


def check_served(observation: Observation) -> Iterator[Finding]:
    """Yield the findings about each Secret; an error means that a listener is not served with TLS now."""
    certificates = observation.snapshot.ingress_certificates
    for secret in certificates.secrets if certificates else ():
        yield from _secret_findings(_Case(observation.settings, secret), observation.now)


def _secret_findings(case: _Case, now: datetime) -> Iterator[Finding]:
    secret = case.secret
    create = f"`kubectl create secret tls -n {case.home} {secret.name} --cert=FILE --key=FILE`"
    if secret.unreadable:
        yield unknown(ID, case.subject, "may not be read", "ask for the right to get it")
    elif not secret.there and any(tls.issuer for tls in case.users.values()):
        look = f"`kubectl describe certificate -n {case.home} {secret.name}`"
        yield warning(ID, case.subject, "is not there: cert-manager has not written it yet", look)
    elif not secret.there and secret.elsewhere:
        where = f"is in {' and '.join(secret.elsewhere)}, and the gateway reads {case.home} alone"
        yield case.unserved(where, f"create it in {case.home}")
    elif not secret.there:
        yield case.unserved("is not there", create)
    elif not secret.chain:
        yield case.unserved("has no certificate with its key (tls.crt and tls.key)", create)
    elif not secret.fits:
        yield case.unserved("has a key (tls.key) that is not its certificate's", create)
    else:
        if not secret.has_client_ca and any(tls.mode == "MUTUAL" for tls in case.users.values()):
            fix = "add the CA of the clients' certificates"
            yield case.unserved("has no ca.crt, which tls.mode: MUTUAL needs", fix)
        yield from _certificate_findings(case, now)


def _certificate_findings(case: _Case, now: datetime) -> Iterator[Finding]:
    # Imported here, because it loads slowly and few stacks have listeners with certificates.
    from pi_mesh.certificates import pem

    try:
        certificate, *_ = pem.certificates(case.secret.chain, str(case.subject))
    except pem.CertificateError as problem:
        yield case.unserved(str(problem).removeprefix(f"{case.subject}: "), "put the certificate into tls.crt again")
        return
    names = pem.host_names(certificate)
    strays = [host for host in case.hosts if not pem.covers_host(names, host)]
    findings = list(_time(case.subject, certificate.not_valid_before_utc, certificate.not_valid_after_utc, now))
    if strays:
        message = f"is for {', '.join(names) or 'no host'}, and not for {', '.join(strays)}: clients refuse it there"
        findings.append(error(ID, case.subject, message, "get one that names the listener's hosts, or correct hosts"))
    yield from findings
    if not findings:
        end, hosts = certificate.not_valid_after_utc, f" for {', '.join(case.hosts)}" if case.hosts else ""
        message = f"serves {' and '.join(case.users)}{hosts} until {end:%Y-%m-%d}"
        yield ok(ID, case.subject, message, number=(end - now).days)


def _time(subject: Subject, begin: datetime, end: datetime, now: datetime) -> Iterator[Finding]:
    days, fix = (end - now).days, "renew it, and its Secret"
    if now < begin:
        message = f"begins at {begin:%Y-%m-%d %H:%M} UTC: clients refuse it until then"
        yield error(ID, subject, message, "compare the clocks of the node and of the certificate's issuer")
    elif now > end:
        yield error(ID, subject, f"ended at {end:%Y-%m-%d %H:%M} UTC: clients refuse it", fix, number=days)
    elif end - now < SOON:
        yield warning(ID, subject, f"ends at {end:%Y-%m-%d %H:%M} UTC, in {days} days", fix, number=days)


CERTIFICATES = "certificates.cert-manager.io"


def check(observation: Observation) -> Iterator[Finding]:
    """Yield warnings, because a certificate may come later; an Issuer that is missing is an error."""
    yield from _issuers(observation)
    yield from map(as_warning, check_served(observation))


def _issuers(observation: Observation) -> Iterator[Finding]:
    certificates = observation.snapshot.ingress_certificates
    for issuer, problem in certificates.issuers if certificates else ():
        place = "" if issuer.kind == "ClusterIssuer" else f"{observation.settings.ingress_namespace}/"
        subject = Subject(issuer.kind, f"{place}{issuer.name}")
        if not any(crd.name == CERTIFICATES for crd in observation.snapshot.crds):
            message, fix = "is not there: the cluster has no cert-manager", "install cert-manager, or remove tls.issuer"
            yield error(ID, Subject("crd", CERTIFICATES), message, fix)
        elif problem == "is not there":
            yield error(ID, subject, f"{problem}; it has to sign certificates", "make it, or correct tls.issuer")
        elif problem:
            look = f"`kubectl describe {issuer.kind.lower()} {issuer.name}`"
            yield warning(ID, subject, f"{problem}; until this is fixed it signs nothing", look)
        else:
            yield ok(ID, subject, "signs the listeners' certificates")
