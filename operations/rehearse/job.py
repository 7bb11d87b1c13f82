"""The Job that tries the proxy's image on one node, and the nodes of a run.

Published images may be distroless: of programs they have pilot-agent, Envoy, iptables and nft, and no shell
(istio/istio, docker/iptables.yaml and pilot/docker/Dockerfile.proxyv2). Each container runs one of these.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from operations import stacks
from operations.short_lived import ShortLived, rights_of
from pi_mesh.catalog.istio import facts_of
from pi_mesh.checks.finding import Finding, Subject, unknown, warning
from pi_mesh.checks.preflight.nodes_ready import usable_nodes
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import Forbidden
from pi_mesh.cluster.nodes import Node
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings

PURPOSE = "rehearsal"
ENVOY, AGENT = "/usr/local/bin/envoy", "/usr/local/bin/pilot-agent"
VERSION, RUNNING, IPTABLES, NFTABLES = "version", "envoy", "iptables", "nftables"
"""Names of the containers."""
USER = 1337
"""User of the sidecars."""
ADMIN = 15000
INTERCEPTION = (
    *("istio-iptables", "-p", "15001", "-z", "15006", "-u", str(USER), "-m", "REDIRECT"),
    *("-i", "*", "-x", "", "-b", "*", "-d", "15090,15021,15020"),
)
"""Arguments of the init container of an injected pod (istiod's files/injection-template.yaml)."""
REQUESTS = {"cpu": "10m", "memory": "16Mi"}
OF_PROXY = rights_of(USER, readOnlyRootFilesystem=True)
"""Rights of a sidecar."""
OF_NETWORK = rights_of(0, "NET_ADMIN", "NET_RAW")
"""Rights of the init container, which changes the rules of its own pod alone."""
VERSION_PART = {"name": VERSION, "command": [ENVOY, "--version"], "securityContext": OF_PROXY}

TEMPERATURE, THROTTLED = "temperature", "throttled"
BOARD = {
    TEMPERATURE: "/sys/class/thermal/thermal_zone0/temp",
    THROTTLED: "/sys/devices/platform/soc/soc:firmware/get_throttled",
}
"""Files in which a Raspberry Pi shows its state, by the container that reads each: Envoy takes it for its configuration
and quotes it in the error with which it ends (Unable to parse JSON as proto), as the image may have no other reader."""
BOARD_PARTS = [
    {"name": name, "command": [ENVOY, "--mode", "validate", "--config-path", file], "securityContext": OF_PROXY}
    for name, file in BOARD.items()
]


def trial_job(
    settings: Settings, stack: str, namespace: str, node: str, parts: Sequence[Mapping[str, Any]] = ()
) -> ShortLived:
    """Return the Job for one node, of these containers or of all trials."""
    image = {
        "image": settings.images.reference("proxyv2", settings.istio.version),
        "imagePullPolicy": settings.images.pull_policy,
        "resources": {"requests": REQUESTS, "limits": settings.proxy.resources.limits.resources.to_kubernetes()},
    }
    pod = {
        # Not by the scheduler: a node that is full or tainted may still get sidecars.
        "nodeName": node,
        "tolerations": [{"operator": "Exists"}],
        "enableServiceLinks": False,
        "imagePullSecrets": [{"name": name} for name in settings.images.secrets],
    }
    containers = tuple({**image, **part} for part in parts or _parts(settings))
    return ShortLived(namespace, PURPOSE, stack, containers, labels={"sidecar.istio.io/inject": "false"}, pod=pod)


def _parts(settings: Settings) -> list[dict[str, Any]]:
    redirection = [{"name": IPTABLES, "command": [AGENT, *INTERCEPTION], "securityContext": OF_NETWORK}]
    if facts_of(settings.istio.version).has_native_nftables:
        command = [AGENT, *INTERCEPTION, "--native-nftables"]
        redirection.append({"name": NFTABLES, "command": command, "securityContext": OF_NETWORK})
    return [VERSION_PART, _running(settings), *redirection, *BOARD_PARTS]


def _running(settings: Settings) -> dict[str, Any]:
    """Return the container in which Envoy serves, with a sidecar's limits and threads, until it is removed."""
    config = {"admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": ADMIN}}}}
    options = ["--disable-hot-restart", "--log-level", "warning", "--concurrency", str(settings.proxy.concurrency)]
    return {
        "name": RUNNING,
        "command": [ENVOY, *options, "--config-yaml", json.dumps(config)],
        # Inside the pod: whether the kubelet reaches pods by the network is another question.
        "readinessProbe": {
            "exec": {"command": [AGENT, "request", "GET", "ready"]},
            "periodSeconds": 2,
            "timeoutSeconds": 10,
        },
        "securityContext": OF_PROXY,
    }


METADATA = {"Accept": "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"}
"""Header that requests an object without its content."""


@dataclass(frozen=True)
class Targets:
    """The nodes of one run, the namespace of its Jobs, and the settings whose images these have."""

    stack: str
    settings: Settings
    cluster: Snapshot
    namespace: str
    seconds: float
    """Longest time for the images of a node."""

    @property
    def nodes(self) -> tuple[Node, ...]:
        return tuple(usable_nodes(self.cluster))

    def untried(self, id: str) -> Iterator[Finding]:
        """Yield a finding for each other node."""
        usable = self.nodes
        for node in (node for node in self.cluster.nodes if node not in usable):
            state = "is cordoned" if node.ready else "is not Ready"
            yield unknown(id, Subject("node", node.name), f"{state}: nothing was tried there")

    def missing_secrets(self, client: Client, id: str) -> Iterator[Finding]:
        """Yield a finding for each pull Secret that the namespace is known to lack."""
        for name in self.settings.images.secrets:
            with suppress(Forbidden):
                if not client.get(f"/api/v1/namespaces/{self.namespace}/secrets/{name}", METADATA):
                    message = "does not exist, so the image is pulled without its login"
                    fix = (
                        "`kubectl create secret docker-registry` there, or name a namespace that has it by --namespace"
                    )
                    yield warning(id, Subject("secret", f"{self.namespace}/{name}"), message, fix)

    def job(self, node: str, parts: Sequence[Mapping[str, Any]] = ()) -> ShortLived:
        return trial_job(self.settings, self.stack, self.namespace, node, parts)


def read_targets(stack: str, to: str | None, namespace: str | None = None, wait: int | None = None) -> Targets:
    """Return the targets of a run, for the images of version `to`. Raises as `stacks.load_with_cluster` does."""
    settings, cluster = stacks.load_with_cluster(stack)
    if to:
        settings = stacks.load_of_version(stack, to)
    home = settings.istio.namespace  # it has the pull Secrets; `default` exists before a first install too
    place = namespace or (home if cluster.namespace(home) else "default")
    return Targets(stack, settings, cluster, place, wait or settings.release.timeout)
