"""Pods whose ways out NetworkPolicies close must still reach a DNS server."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, error, ok, setting
from pi_mesh.checks.observation import Observation
from pi_mesh.selectors import matches
from pi_mesh.values.network_policies import DNS_NAMESPACE, DNS_PODS

ID, KEY = "network policies", setting("networkPolicies.enabled")


def check(observation: Observation) -> Iterator[Finding]:
    own = observation.settings.network_policies
    if not own.enabled:
        return
    servers = [pod for pod in observation.snapshot.pods if matches(DNS_PODS, pod.labels)]
    if own.also_to or any(pod.namespace == DNS_NAMESPACE for pod in servers):
        yield ok(ID, KEY, "leaves the way to a DNS server open")
    else:
        labels = ",".join(f"{key}={value}" for key, value in DNS_PODS.items())
        message = f"{DNS_NAMESPACE} has no pod {labels}: workloads and the ingress gateway could resolve no name"
        yield error(ID, KEY, message, "add the address of the DNS server to networkPolicies.alsoTo")
