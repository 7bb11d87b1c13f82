"""Access rules between workloads, and exceptions from mutual TLS for legacy workloads."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from pi_mesh.model.base import Model, NamespaceName
from pi_mesh.model.patterns import matching
from pi_mesh.settings.traffic.names import Labels, Method, NamespacedItem, ObjectName, Port, Principal


class AccessRule(Model):
    """The callers and requests that a rule matches.

    A request must match every field that is given, by one of its values.
    """

    namespaces: tuple[NamespaceName, ...] = ()
    """Namespaces of the callers."""
    principals: tuple[Principal, ...] = ()
    """Identities of the callers, which are known only for calls with mutual TLS."""
    ports: tuple[Port, ...] = ()
    """Ports of the workload, not of its Service."""
    methods: tuple[Method, ...] = ()
    """HTTP methods of the request."""
    paths: tuple[Annotated[str, matching(r"^(/|\*)\S*$", 'a path, with "*" at one end for anything')], ...] = ()
    """Paths of the request."""

    def conflicts(self) -> Iterator[str]:
        if not any((self.namespaces, self.principals, self.ports, self.methods, self.paths)):
            yield (
                "has no condition (namespaces, principals, ports, methods or paths) and would match "
                "every request; give at least one"
            )


class AccessPolicy(NamespacedItem):
    """An AuthorizationPolicy. A workload with an ALLOW policy refuses all other requests."""

    selector: Labels | None = None
    """Labels of the workloads that the policy applies to; by default every workload of the namespace."""
    action: Literal["ALLOW", "DENY"] = "ALLOW"
    """Action for matching requests; a DENY policy overrides every ALLOW policy."""
    rules: Annotated[tuple[AccessRule, ...], Field(min_length=1)]
    """Rules of the policy; it applies to a request that matches one of them."""


class DefaultDeny(Model):
    """A default deny for a namespace: requests that no policy allows are refused."""

    enabled: bool = False
    """Refuse every request that no policy allows. The default deny is created after all policies and deleted before
    them."""
    allow_ingress: bool = True
    """Allow the ingress gateway to call every workload."""
    allow_namespaces: tuple[NamespaceName, ...] | None = None
    """Namespaces whose workloads may call every workload; by default those of the namespace itself."""


class Authorization(Model):
    """AuthorizationPolicies, and the trading namespace's default deny."""

    policies: dict[ObjectName, AccessPolicy] = {}
    """Policies by their names."""
    default_deny: DefaultDeny = DefaultDeny()
    """Default deny of the trading namespace; a further namespace has its own, `namespaces.NAME.defaultDeny`."""


class LegacyWorkloads(NamespacedItem):
    """A PeerAuthentication for workloads whose callers have no sidecar, an exception from STRICT."""

    selector: Labels = {"legacy": "true"}
    """Labels of the called workloads."""
    mode: Literal["PERMISSIVE", "DISABLE"] = "PERMISSIVE"
    """Mutual TLS mode of these workloads: PERMISSIVE accepts mutual TLS and plain text, DISABLE plain text only."""
