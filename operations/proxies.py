"""The command `proxies`: every running proxy with its version, connection, configuration and certificate."""

from collections.abc import Iterator
from datetime import UTC, datetime

from operations import proxy_rows, report, report_text, stacks
from operations.command_line import All, Json, Stack, conclude, expected_errors
from operations.proxy_report import ProxyRow
from operations.proxy_rows import ID
from operations.report import Report
from pi_mesh.certificates.pem import CertificateError
from pi_mesh.checks import stale_proxies
from pi_mesh.checks.finding import CLUSTER, Finding, Subject, error, ok, unknown
from pi_mesh.checks.stale_proxies import Older
from pi_mesh.cluster import identity, snapshot
from pi_mesh.cluster import proxies as reader
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.proxies import Proxies
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings

COLUMNS = ("proxy", "version", "istiod", "configuration", "certificate ends in", "signed by", "older in")


def proxies(stack: Stack, as_json: Json = False, everything: All = False) -> None:
    """Show every proxy: version, connection, configuration, certificate, and older settings that it was started under.

    Asks istiod and each proxy through `kubectl port-forward`; nothing is changed.
    """
    with expected_errors("proxies", stack, as_json):
        settings, exported = stacks.load_with_state(stack)
        cluster = snapshot.read(settings.cluster.context)
        identity.require(settings.cluster, exported().cluster_uid, cluster.uid)
        found = reader.read(settings.cluster.context, settings.istio.namespace, cluster)
        older, findings = _older(settings, cluster, found)
        rows: list[ProxyRow] = []
        findings += _judged(found, older, stack, rows)
        done = report.of("proxies", stack, findings).model_copy(update={"proxies": tuple(rows)})
    conclude(done, as_json, lambda it: _show(it, found, everything))


def _older(settings: Settings, cluster: Snapshot, found: Proxies) -> tuple[Older, list[Finding]]:
    try:
        return stale_proxies.read(settings.cluster.context, settings.istio.namespace, cluster, found), []
    except ClusterUnreachable as problem:
        message = f"could not be compared with what istiod injects now: {problem}"
        return stale_proxies.judged(found, {}), [unknown(ID, Subject("proxy"), message)]


def _judged(found: Proxies, older: Older, stack: str, rows: list[ProxyRow]) -> Iterator[Finding]:
    """Yield the findings, and add the rows."""
    now = datetime.now(UTC)
    if found.problem:
        yield error(ID, Subject("component", "istiod"), f"could not be asked: {found.problem}", "see `verify`")
    if not found.proxies:
        yield ok(ID, CLUSTER, "no proxy runs", number=0)
    for proxy in found.proxies:
        try:
            known = proxy_rows.row(found, proxy, older, now)
        except CertificateError as problem:
            yield unknown(ID, Subject("pod", proxy.id), str(problem))
        else:
            rows.append(known)
            yield proxy_rows.finding(proxy, known, stack)


def _show(done: Report, found: Proxies, everything: bool) -> None:
    console = report_text.show_table(COLUMNS, map(_cells, done.proxies or ()))
    console.print(f"istiod {found.control_plane or 'of unknown version'}")
    for revision, version in found.by_revision.items():
        console.print(f"istiod {version or 'of unknown version'}, revision {revision}")
    report_text.show(done, everything=everything)


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
