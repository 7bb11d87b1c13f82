"""The clocks of the nodes must agree: a Pi has none of its own, and wakes from a power cut in the past."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from pi_mesh.checks.finding import CLUSTER, Finding, Subject, error, ok, unknown, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster import kubelet
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.kubelet import NotAnswered, Offset

ID = "clock"
GRACE = timedelta(minutes=2).total_seconds()
"""Seconds by which istiod's certificates begin before they are signed (security/pkg/pki/util/generate_cert.go,
ClockSkewGracePeriod)."""
SMALL = 10
"""Seconds of an offset that a working time service never leaves."""
RIGHTS = "use a kubeconfig with the cluster-admin role"
SYNC = "synchronize its time: `timedatectl set-ntp true`; a Pi has no clock of its own when it starts"


def check(observation: Observation) -> Iterator[Finding]:
    """Compare the API server's clock with this machine's, and the nodes' clocks with the API server's."""
    nodes = [node.name for node in observation.snapshot.nodes if node.ready]
    with Client(observation.settings.cluster.context) as client, ThreadPoolExecutor(kubelet.AT_ONCE) as pool:
        offsets = [*pool.map(lambda node: offset(client, node), nodes)]
        client.get("/version")
        ahead = (client.now() - datetime.now(UTC)).total_seconds()
    if abs(ahead) >= GRACE:
        message = f"has an API server whose clock is {abs(ahead):.0f} s {_side(ahead)} this machine's"
        fix = "set the one of the two that is wrong; nodes are compared with the server's"
        yield warning(ID, CLUSTER, message, fix)
    yield from (judged(Subject("node", node), answer) for node, answer in zip(nodes, offsets, strict=True))


def offset(client: Client, node: str) -> Offset | str:
    """Return the offset of a node's clock, or the reason for which it is unknown."""
    try:
        return kubelet.clock(client, node)
    except NotAnswered as problem:
        return str(problem)


def judged(node: Subject, offset: Offset | str) -> Finding:
    """Judge a node's offset from the API server; a text in place of one is the reason for which it is unknown."""
    if isinstance(offset, str):
        return unknown(ID, node, f"is unknown: {offset}", RIGHTS if "no right" in offset else "")
    seconds = offset.certain
    if abs(seconds) < SMALL:
        return ok(ID, node, "agrees with the API server's", number=seconds)
    message = f"is {abs(seconds):.0f} s {_side(seconds)} the API server's"
    if abs(seconds) < GRACE:
        return warning(ID, node, message, SYNC, number=seconds)
    message += ": certificates from istiod are not valid there yet, or end too soon"
    return error(ID, node, message, SYNC, number=seconds)


def _side(seconds: float) -> str:
    return "ahead of" if seconds > 0 else "behind"
