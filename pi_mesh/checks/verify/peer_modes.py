"""The mutual TLS mode of each workload and port, as istiod derives it from all PeerAuthentications.

istiod (ComposePeerAuthentication in pilot/pkg/security/authn/policy_applier.go) takes the oldest policy of each scope:
a workload's before its namespace's before the mesh's, and ports only from a workload's. In the root namespace policies
with a selector are ignored.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.policies import Policy
from pi_mesh.selectors import matches

DEFAULT = "PERMISSIVE"
"""Mode of a mesh that has no PeerAuthentication."""
STRENGTH = {"DISABLE": 0, "PERMISSIVE": 1, "STRICT": 2}


@dataclass(frozen=True)
class PeerModes:
    """All PeerAuthentications of the cluster, the oldest first."""

    policies: tuple[Policy, ...]
    root: str
    """Root namespace of the mesh."""

    @property
    def mesh_wide(self) -> list[Policy]:
        """Return the policies for the whole mesh; the first one applies."""
        return self._of_namespace(self.root)

    @property
    def mesh_mode(self) -> str:
        """Return the mode of workloads without a narrower policy."""
        return self.namespace_mode(self.root)

    def in_force(self, policy: Policy) -> bool:
        """Return True unless an older policy of the same scope applies instead."""
        if policy.selected_labels:
            return policy.namespace != self.root
        return policy == self._applying(policy.namespace)

    def namespace_mode(self, namespace: str) -> str:
        """Return the mode of the namespace's workloads that have no policy of their own."""
        scopes = filter(None, map(self._applying, (namespace, self.root)))
        return next(filter(None, map(mode_of, scopes)), DEFAULT)

    def mode(self, pod: Pod, port: int = 0) -> str:
        """Return the mode of a workload, or of one of its ports."""
        own = self._of_workload(pod)
        return (own and (port_modes(own).get(port) or mode_of(own))) or self.namespace_mode(pod.namespace)

    def modes(self, pod: Pod) -> Iterator[str]:
        """Yield the mode of a pod, and of each of its ports with a mode of its own."""
        yield self.mode(pod)
        if own := self._of_workload(pod):
            yield from port_modes(own).values()

    @cached_property
    def _by_namespace(self) -> dict[str, list[Policy]]:
        policies = defaultdict[str, list[Policy]](list)
        for policy in self.policies:
            policies[policy.namespace].append(policy)
        return policies

    def _of_namespace(self, namespace: str) -> list[Policy]:
        return [policy for policy in self._by_namespace.get(namespace, []) if not policy.selected_labels]

    def _applying(self, namespace: str) -> Policy | None:
        """Return the policy of a whole namespace that applies, the oldest."""
        return next(iter(self._of_namespace(namespace)), None)

    def _of_workload(self, pod: Pod) -> Policy | None:
        if pod.namespace == self.root:
            return None
        of_namespace = (policy for policy in self._by_namespace.get(pod.namespace, []) if policy.selected_labels)
        return next((policy for policy in of_namespace if matches(policy.selected_labels, pod.labels)), None)


def mode_of(policy: Policy) -> str:
    """Return the mode of a policy; empty if it leaves the mode to the wider scope."""
    mode = (policy.spec.get("mtls") or {}).get("mode", "UNSET")
    return "" if mode == "UNSET" else mode


def port_modes(policy: Policy) -> dict[int, str]:
    """Return the modes that a policy gives to ports of its workloads."""
    given = policy.spec.get("portLevelMtls") or {}
    modes = {int(port): (entry or {}).get("mode", "UNSET") for port, entry in given.items()}
    return {port: mode for port, mode in modes.items() if mode != "UNSET"} if policy.selected_labels else {}


def weakest(modes: Iterable[str]) -> str:
    """Return the mode that admits most."""
    return min(modes, key=_strength)


def weaker(mode: str, than: str) -> bool:
    """Return True for a mode that admits plain text which the other mode refuses, or admits nothing else."""
    return _strength(mode) < _strength(than)


def _strength(mode: str) -> int:
    return STRENGTH.get(mode, STRENGTH["DISABLE"])
