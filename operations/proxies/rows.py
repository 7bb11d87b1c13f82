"""The rows and findings of `proxies`, one for each running proxy."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cryptography import x509

from operations import command_line, results, stacks
from operations.results import ProxyCertificate, ProxyRow, Report
from pi_mesh.certificates import chains, pem
from pi_mesh.certificates.pem import CertificateError
from pi_mesh.checks.finding import CLUSTER, Finding, Level, Subject, error, ok, unknown
from pi_mesh.checks.verify.remedies import logs_command
from pi_mesh.cluster import proxies as reader
from pi_mesh.cluster import stale_proxies
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.proxies import Proxies, Proxy
from pi_mesh.cluster.stale_proxies import Older, minors_behind

ID = "proxies"
LITTLE = 4
"""Divisor of a certificate's life: proxies renew at half of it, so renewal has failed with less than a quarter left."""
REFRESH = "`python -m operations refresh -s STACK` restarts its workload"


def proxy_row(running: Proxies, proxy: Proxy, older: Older, now: datetime) -> ProxyRow:
    """Return the row of a proxy. Raises CertificateError where the proxy shows something other than certificates."""
    return ProxyRow(
        proxy=proxy.id,
        kind="gateway" if proxy.is_gateway else "sidecar",
        version=proxy.version,
        behind=minors_behind(proxy.version, running.version_above(proxy)),
        connected=proxy.connected,
        synced=None if proxy.connected is None else proxy.in_sync,
        pending=proxy.pending,
        certificate=_certificate(proxy, now) if proxy.chain else None,
        older=older.get(proxy.id, ()),
    )


def proxy_finding(proxy: Proxy, known: ProxyRow) -> Finding:
    """Return the one finding about a proxy; its worst problem gives the level."""
    said = list(_problems(proxy, known))
    if not said:
        return Finding(ID, "pod", proxy.id, Level.OK, None, "is connected, in sync and up to date", "")
    levels = {level for level, *_ in said}
    worst = next(level for level in (Level.ERROR, Level.WARNING, Level.UNKNOWN) if level in levels)
    fixes = dict.fromkeys(fix for _, _, fix in said if fix)
    message = "; ".join(message for _, message, _ in said)
    number = known.certificate.days if known.certificate else None
    return Finding(ID, "pod", proxy.id, worst, number, message, "; ".join(fixes))


def _problems(proxy: Proxy, known: ProxyRow) -> Iterator[tuple[Level, str, str]]:
    look = logs_command(proxy.pod)
    if proxy.connected is False:
        # A starting or failing pod is reported by its own Readiness.
        level = Level.ERROR if proxy.pod.ready else Level.WARNING
        yield level, "is not connected to istiod, and keeps its last configuration", look
    elif proxy.pending:
        yield Level.WARNING, f"has not acknowledged its {' and '.join(proxy.pending)} configuration", look
    if proxy.problem:
        yield Level.UNKNOWN, f"shows no certificate: {proxy.problem}", ""
    elif known.certificate:
        yield from _of_certificate(known.certificate, look)
    if known.older:
        yield Level.WARNING, f"is older than its istiod: {'; '.join(known.older)}", REFRESH


def _of_certificate(certificate: ProxyCertificate, look: str) -> Iterator[tuple[Level, str, str]]:
    if certificate.days <= 0:
        yield Level.ERROR, f"has a certificate that expired {certificate.ends}", look
    elif certificate.days < certificate.life / LITTLE:
        yield Level.WARNING, f"has not renewed its certificate, which expires {certificate.ends}", look
    if not certificate.trusted:
        yield Level.ERROR, "has a certificate that does not chain to a root that it trusts", look


def _certificate(proxy: Proxy, now: datetime) -> ProxyCertificate:
    chain = pem.certificates(proxy.chain, f"pod {proxy.id}")
    roots = pem.certificates(proxy.roots, f"pod {proxy.id}") if proxy.roots else ()
    (leaf, *_), day = chain, timedelta(days=1)
    end, start = leaf.not_valid_after_utc, leaf.not_valid_before_utc
    return ProxyCertificate(
        chain=tuple(_title(certificate) for certificate in chain),
        roots=tuple(pem.title(root) for root in roots),
        trusted=chains.verifies(chain, roots),
        ends=f"{end:%Y-%m-%d %H:%M} UTC",
        days=round((end - now) / day, 4),
        life=round((end - start) / day, 4),
    )


def _title(certificate: x509.Certificate) -> str:
    """Return a workload's identity, or the name of a CA."""
    names = pem.extension(certificate, x509.SubjectAlternativeName)
    identities = names.get_values_for_type(x509.UniformResourceIdentifier) if names else []
    return next(iter(identities), "") or pem.title(certificate)


COLUMNS = ("proxy", "version", "istiod", "configuration", "certificate ends in", "signed by", "older in")


def read(stack: str) -> tuple[Proxies, Report]:
    """Return the running proxies of a stack, and their report. Raises as `stacks.load_with_cluster` does."""
    settings, cluster = stacks.load_with_cluster(stack)
    running = reader.read(settings.cluster.context, settings.istio.namespace, cluster)
    rows: list[ProxyRow] = []
    findings: list[Finding] = []
    try:
        older = stale_proxies.read(settings.cluster.context, settings.istio.namespace, cluster, running)
    except ClusterUnreachable as problem:
        message = f"could not be compared with what istiod injects now: {problem}"
        older = stale_proxies.older_proxies(running, {})
        findings.append(unknown(ID, Subject("proxy"), message))
    if running.problem:
        istiod = Subject("component", "istiod")
        findings.append(error(ID, istiod, f"could not be asked: {running.problem}", "see `verify`"))
    if not running.proxies:
        findings.append(ok(ID, CLUSTER, "no proxy runs", number=0))
    now = datetime.now(UTC)
    for proxy in running.proxies:
        try:
            rows.append(proxy_row(running, proxy, older, now))
            findings.append(proxy_finding(proxy, rows[-1]))
        except CertificateError as problem:
            findings.append(unknown(ID, Subject("pod", proxy.id), str(problem)))
    return running, results.completed("proxies", stack, findings, proxies=tuple(rows))


def show(done: Report, running: Proxies, everything: bool) -> None:
    """Print the proxies as a table, and their findings below it."""
    console = command_line.show_table(COLUMNS, map(_cells, done.proxies or ()))
    console.print(f"istiod {running.control_plane or 'of unknown version'}")
    for revision, version in running.by_revision.items():
        console.print(f"istiod {version or 'of unknown version'}, revision {revision}")
    command_line.show_report(done, everything=everything)


def _cells(known: ProxyRow) -> tuple[str, ...]:
    certificate = known.certificate
    behind = f" ({known.behind} behind)" if known.behind else ""
    connected = {True: "connected", False: "not connected", None: "unknown"}[known.connected]
    configuration = "in sync" if known.synced else ", ".join(known.pending) or "unknown"
    ends = _left(certificate.days) if certificate else "unknown"
    signed_by = certificate.chain[1] if certificate and len(certificate.chain) > 1 else ""
    return known.proxy, f"{known.version}{behind}", connected, configuration, ends, signed_by, ", ".join(known.older)


def _left(days: float) -> str:
    return f"{days:.0f} days" if abs(days) >= 2 else f"{days * 24:.1f} hours"
