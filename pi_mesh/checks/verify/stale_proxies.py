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
    found = proxies.of_snapshot(observation.snapshot, observation.settings.istio.namespace)
    version = found.control_plane or observation.settings.istio.version
    wanted = {one.id: found.version_above(one) or version for one in found.proxies}
    stale = Counter(
        (workload_of(one.pod), restart_command(one.pod), one.version, wanted[one.id])
        for one in found.proxies
        if one.version not in ("", wanted[one.id])
    )
    for (owner, restart, tag, version), count in stale.items():
        pods = counted(count, "proxy is", "proxies are")
        yield warning(ID, owner, f"{pods} of {tag}, istiod of {version}", restart, number=count)
    if found.proxies and not stale:
        message = f"every proxy is of istiod's version {', '.join(sorted(set(wanted.values())))}"
        yield ok(ID, Subject("cluster"), message, number=len(found.proxies))
