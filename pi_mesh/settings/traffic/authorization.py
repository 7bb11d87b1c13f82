"""Who may call whom, and which workloads are still called without mutual TLS."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from pi_mesh.model.base import Model, NamespaceName
from pi_mesh.model.patterns import matching
from pi_mesh.settings.traffic.names import Labels, ObjectName, Port, Principal


class AccessRule(Model):
    """Callers and what they call: every line that is given must hold, one of its values is enough."""

    namespaces: tuple[NamespaceName, ...] = ()
    """Callers' namespaces."""
    principals: tuple[Principal, ...] = ()
    """Identities of callers; known only of callers that come with mutual TLS."""
    ports: tuple[Port, ...] = ()
    """Ports of the workload (not of its Service)."""
    methods: tuple[Annotated[str, matching(r"^[A-Z]+$", "an HTTP method in capitals")], ...] = ()
    """HTTP methods."""
    paths: tuple[Annotated[str, matching(r"^(/|\*)\S*$", 'a path, with "*" at one end for anything')], ...] = ()
    """HTTP paths."""

    def conflicts(self) -> Iterator[str]:
        if not any((self.namespaces, self.principals, self.ports, self.methods, self.paths)):
            yield (
                "names nobody and nothing (no namespaces, principals, ports, methods or paths), and so would match "
                "every request; give at least one condition"
            )


class AccessPolicy(Model):
    """An AuthorizationPolicy of the trading namespace. A workload with an ALLOW refuses all others."""

    selector: Labels | None = None
    """The workloads; without it every one of the namespace."""
    action: Literal["ALLOW", "DENY"] = "ALLOW"
    """A DENY counts before every ALLOW."""
    rules: Annotated[tuple[AccessRule, ...], Field(min_length=1)]
    """A request that fits one of them is meant."""


class DefaultDeny(Model):
    """Refuse all that no policy allows in the trading namespace, but for the allows that it can't live without."""

    enabled: bool = False
    """Comes after all policies, and goes before them."""
    allow_ingress: bool = True
    """The ingress gateway may call every workload."""
    allow_namespaces: tuple[NamespaceName, ...] | None = None
    """Namespaces whose workloads may call every workload; if not given: trading itself."""


class Authorization(Model):
    """AuthorizationPolicies."""

    policies: dict[ObjectName, AccessPolicy] = {}
    """By name."""
    default_deny: DefaultDeny = DefaultDeny()


class LegacyWorkloads(Model):
    """A PeerAuthentication for workloads whose callers have no sidecar: an exception from STRICT."""

    selector: Labels = {"legacy": "true"}
    """The called workloads."""
    mode: Literal["PERMISSIVE", "DISABLE"] = "PERMISSIVE"
    """PERMISSIVE takes both; DISABLE plain text only."""
