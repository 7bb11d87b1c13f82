"""Running proxies must have istiod's version: a proxy keeps its version until its pod is replaced."""

from collections import Counter
from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, ok, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify.remedies import restart_command, workload_of
from pi_mesh.cluster import proxies
from pi_mesh.words import counted

ID = "stale proxies"


def check(observation: Observation) -> Iterator[Finding]:
    running = proxies.of_snapshot(observation.snapshot, observation.settings.istio.namespace)
    version = running.control_plane or observation.settings.istio.version
    versions = {proxy.id: running.version_above(proxy) or version for proxy in running.proxies}
    stale = Counter(
        (workload_of(proxy.pod), restart_command(proxy.pod), proxy.version, versions[proxy.id])
        for proxy in running.proxies
        if proxy.version not in ("", versions[proxy.id])
    )
    for (owner, restart, tag, version), count in stale.items():
        pods = counted(count, "proxy is", "proxies are")
        yield warning(ID, owner, f"{pods} of {tag}, istiod of {version}", restart, number=count)
    if running.proxies and not stale:
        message = f"every proxy is of istiod's version {', '.join(sorted(set(versions.values())))}"
        yield ok(ID, Subject("cluster"), message, number=len(running.proxies))
