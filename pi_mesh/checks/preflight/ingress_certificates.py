"""Each listener must have a certificate that is valid now and names its hosts, each broker the one it asks for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from pi_mesh.checks.finding import Finding, Subject, as_warning, error, ok, unknown, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster.snapshot import IngressCertificates, IngressSecret
from pi_mesh.settings import Settings

ID, EGRESS = "ingress certificates", "egress certificates"
SOON = timedelta(days=21)
"""Time before its end at which a certificate is named. cert-manager renews one of 90 days 30 days before."""


@dataclass(frozen=True)
class _Case:
    """A Secret and those that need its certificate: listeners, or hosts outside."""

    id: str
    secret: IngressSecret
    home: str
    """Namespace of the gateway, which reads the Secret there alone."""
    users: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    """Hosts by name that the certificate must name; a listener for every host says nothing of its certificate."""
    awaits_issuer: bool = False
    shows: bool = True
    """True if the gateway shows the certificate; False if it reads the CA of the other side alone."""
    checks: str = ""
    """Setting that needs the CA of the other side's certificates; empty if none does."""

    @property
    def subject(self) -> Subject:
        return Subject("secret", f"{self.home}/{self.secret.name}")

    @property
    def refused(self) -> str:
        return "clients refuse it" if self.id == ID else "the host refuses it"

    @property
    def create(self) -> str:
        if self.id == ID:
            return f"`kubectl create secret tls -n {self.home} {self.secret.name} --cert=FILE --key=FILE`"
        files = ("tls.crt", "tls.key", "ca.crt") if self.shows else ("ca.crt",)
        options = " ".join(f"--from-file={file}=FILE" for file in files)
        return f"`kubectl create secret generic -n {self.home} {self.secret.name} {options}`"

    def unserved(self, message: str, fix: str) -> Finding:
        without = "is not served with TLS" if self.id == ID else "gets no connection from the egress gateway"
        return error(self.id, self.subject, f"{message}: {' and '.join(self.users)} {without}", fix)


def check_served(observation: Observation) -> Iterator[Finding]:
    """Yield the findings about each Secret; an error means that a listener or a host has no TLS now."""
    if certificates := observation.snapshot.ingress_certificates:
        for case in _cases(observation.settings, certificates):
            yield from _secret_findings(case, observation.now)


def _cases(settings: Settings, certificates: IngressCertificates) -> Iterator[_Case]:
    for secret in certificates.secrets:
        listeners = settings.traffic.gateways
        users = {name: own.tls for name, own in listeners.items() if own.tls and own.tls.secret == secret.name}
        hosts = dict.fromkeys(host for name in users for host in listeners[name].hosts if host != "*")
        issuer = any(tls.issuer for tls in users.values())
        mutual = "tls.mode: MUTUAL" if any(tls.mode == "MUTUAL" for tls in users.values()) else ""
        home = settings.ingress_namespace
        yield _Case(ID, secret, home, tuple(users), tuple(hosts), awaits_issuer=issuer, checks=mutual)
    for secret in certificates.egress:
        external = settings.traffic.external.items()
        users = {name: own.tls for name, own in external if own.tls and own.tls.secret == secret.name}
        names = tuple(f"traffic.external.{name}" for name in users)
        shows = any(tls.mode == "MUTUAL" for tls in users.values())
        yield _Case(EGRESS, secret, settings.istio.namespace, names, shows=shows, checks="tls.secret")


def _secret_findings(case: _Case, now: datetime) -> Iterator[Finding]:
    secret = case.secret
    if secret.unreadable:
        yield unknown(case.id, case.subject, "may not be read", "ask for the right to get it")
    elif not secret.there and case.awaits_issuer:
        look = f"`kubectl describe certificate -n {case.home} {secret.name}`"
        yield warning(case.id, case.subject, "is not there: cert-manager has not written it yet", look)
    elif not secret.there and secret.elsewhere:
        where = f"is in {' and '.join(secret.elsewhere)}, and the gateway reads {case.home} alone"
        yield case.unserved(where, f"create it in {case.home}")
    elif not secret.there:
        yield case.unserved("is not there", case.create)
    elif case.shows and not secret.chain:
        yield case.unserved("has no certificate with its key (tls.crt and tls.key)", case.create)
    elif case.shows and not secret.fits:
        yield case.unserved("has a key (tls.key) that is not its certificate's", case.create)
    else:
        if case.checks and not secret.has_client_ca:
            whose = "the clients' certificates" if case.id == ID else "the host's certificate"
            yield case.unserved(f"has no ca.crt, which {case.checks} needs", f"add the CA of {whose}")
        if case.shows:
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
    findings = list(_time(case, certificate.not_valid_before_utc, certificate.not_valid_after_utc, now))
    if strays:
        message = f"is for {', '.join(names) or 'no host'}, and not for {', '.join(strays)}: clients refuse it there"
        fix = "get one that names the listener's hosts, or correct hosts"
        findings.append(error(case.id, case.subject, message, fix))
    yield from findings
    if not findings:
        end, hosts = certificate.not_valid_after_utc, f" for {', '.join(case.hosts)}" if case.hosts else ""
        serves = "serves" if case.id == ID else "is shown to"
        message = f"{serves} {' and '.join(case.users)}{hosts} until {end:%Y-%m-%d}"
        yield ok(case.id, case.subject, message, number=(end - now).days)


def _time(case: _Case, begin: datetime, end: datetime, now: datetime) -> Iterator[Finding]:
    days, fix, refused = (end - now).days, "renew it, and its Secret", case.refused
    if now < begin:
        message = f"begins at {begin:%Y-%m-%d %H:%M} UTC: {refused} until then"
        yield error(case.id, case.subject, message, "compare the clocks of the node and of the certificate's issuer")
    elif now > end:
        yield error(case.id, case.subject, f"ended at {end:%Y-%m-%d %H:%M} UTC: {refused}", fix, number=days)
    elif end - now < SOON:
        yield warning(case.id, case.subject, f"ends at {end:%Y-%m-%d %H:%M} UTC, in {days} days", fix, number=days)


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
