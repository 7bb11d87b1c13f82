"""The one list of all checks in reading order: what each must have read, and which commands run it.

A check is a function of one argument, the observation, in a file with the name of its ID.
"""

import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from pi_mesh.checks.finding import Finding

if TYPE_CHECKING:
    # Loads the settings, which the text of a finding does not need.
    from pi_mesh.checks.observation import Observation

PAGE = "docs/checks.md"
"""Page with a section for each ID; `make schema` writes it."""
SETTINGS, STATE, CLUSTER, OBJECTS, CALLS = "settings", "state", "cluster", "live objects", "calls"
"""What a check must have read. A check of the settings, or of the state, looks at the cluster too if it was read;
calls are more than get and list, and are not made by `verify --read-only`."""
PREVIEW, UP, PREFLIGHT, VERIFY = "preview", "up", "preflight", "verify"
BEFORE_UP = (PREVIEW, UP, PREFLIGHT)
RUNS = {
    "pi_mesh.checks.preflight": BEFORE_UP,
    "pi_mesh.checks.traffic": BEFORE_UP,
    "pi_mesh.checks.verify": (VERIFY,),
    "operations.verify": (VERIFY,),
}
"""Commands that run the checks of a folder, unless an entry names others."""


@dataclass(frozen=True)
class Check:
    folder: str
    id: str
    """ID of its findings, by which the page has a section."""
    asks: tuple[str, ...] = (CLUSTER,)
    by: str = "check"
    """Name of the function; after a dot if it is in the file of another check."""
    also: tuple[str, ...] = ()
    """Further IDs of its findings."""
    runs: tuple[str, ...] = ()
    """Commands that run it; by default those of its folder."""
    only_with: str = ""
    """Option of the command without which it does not run."""
    beside: bool = False
    """True if it waits for a program, and so runs beside the others."""

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.id, *self.also)

    @property
    def commands(self) -> tuple[str, ...]:
        return self.runs or RUNS[self.folder]

    @property
    def module(self) -> str:
        """Return the module with the name of its ID, such as `nodes_ready` for "nodes ready", or the one in `by`."""
        own = re.sub(r"[^a-z0-9]+", "_", self.id.lower())
        return f"{self.folder}.{self.by.rpartition('.')[0] or own}"

    @property
    def function(self) -> Callable[["Observation"], Iterable[Finding]]:
        """Load the check, whose file is imported by the commands that run it alone."""
        return getattr(import_module(self.module), self.by.rpartition(".")[2])

    def runs_on(self, observation: "Observation", calls: bool) -> bool:
        """Return True if the check asks for no more than was read, and makes no calls unless it may."""
        without_cluster = {*self.asks} <= {SETTINGS, STATE}
        return (without_cluster or observation.snapshot is not None) and (calls or CALLS not in self.asks)


_preflight, _traffic, _verify, _operation = (partial(Check, folder) for folder in RUNS)

CHECKS: tuple[Check, ...] = (
    _preflight("rights"),
    _preflight("kubernetes version"),
    _preflight("istio end of life", (SETTINGS,), by="kubernetes_version.check_end_of_life"),
    _preflight("istio version change", also=("gateway chart", "proxy skew")),
    _preflight("charts", (SETTINGS,)),
    _preflight("extra values", by="overridden_settings.check_unread"),
    _preflight("cert-manager", by="check_controller"),
    _preflight("ca.issuer", by="cert_manager.check_issuer"),
    _preflight("nodes ready", by="check_nodes", also=("architecture",)),
    _preflight("kernel addresses"),
    _preflight("native sidecars", by="nodes_ready.check_kubelets"),
    _preflight("grace periods"),
    _preflight("free memory", by="room_for_the_mesh.check_free_memory"),
    _preflight("room for the mesh", by="check_room", also=("room for trading", "room for namespaces")),
    _preflight("a node less"),
    _preflight("lost nodes", (SETTINGS,), by="a_node_less.check_lost", runs=(PREFLIGHT,)),
    _preflight("memory for the services"),
    _preflight("load balancer", by="gateway_service.check_address"),
    _preflight("gateway service", by="check_service"),
    _preflight("ingress certificates"),
    _preflight("metrics server"),
    _preflight("prometheus operator", by="metrics_server.check_prometheus_operator"),
    _preflight("istio CRD versions", by="istio_crds.check_versions"),
    _preflight("helm releases", by="check_stuck"),
    _preflight(
        "chart sources",
        (SETTINGS,),
        by="overridden_settings.check",
        also=("extra values", "vault transport", "gateway secrets"),
    ),
    _preflight("watched namespaces"),
    _preflight("network policies"),
    _preflight("gateway API", (CLUSTER, STATE), runs=(*BEFORE_UP, VERIFY)),
    _preflight("foreign istio", (CLUSTER, STATE), also=("istio webhooks",)),
    _preflight("istio CRDs", (CLUSTER, STATE), by="check_owners"),
    _preflight("releases in the state", (CLUSTER, STATE), by="helm_releases.check_known"),
    _preflight("istio revision", (CLUSTER, STATE), also=("canary version", "revision in use")),
    _preflight("namespaces", (CLUSTER, STATE), by="check_ownership"),
    _preflight("namespaces", (CLUSTER, STATE), by="check_tenants"),
    _preflight("ingress namespace", (STATE,), by="namespaces.check_ingress"),
    _preflight("trading hours", (CLUSTER, STATE)),
    _preflight("cut callers", (CLUSTER, STATE)),
    _traffic("routes", (SETTINGS,)),
    _traffic("conflicts", (SETTINGS,)),
    _traffic("retries", (SETTINGS,), by="orders.check_retries"),
    _traffic("orders", (SETTINGS,), by="check_routes"),
    _traffic("circuit breakers", (SETTINGS,), by="connections.check_circuit_breakers"),
    _traffic("connections", (SETTINGS,)),
    _traffic("gateway access", (SETTINGS,), by="check_gateway"),
    _traffic("health checks", (SETTINGS,), by="gateway_access.check_health_checks"),
    _traffic("listeners", (SETTINGS,), by="check_ports"),
    _traffic("shared ports", (SETTINGS,), by="listeners.check_shared_ports"),
    _traffic("client addresses", (SETTINGS,), by="listeners.check_client_addresses"),
    _traffic("wildcards", (SETTINGS,), also=("tcp hosts",)),
    _traffic("plain text callers", (SETTINGS,), by="check_rules"),
    _traffic("tokens", (SETTINGS,), by="wildcards.check_tokens"),
    _traffic("sidecar scopes", (SETTINGS,), by="plain_text_callers.check_scopes"),
    _traffic("sidecars", (SETTINGS,), by="plain_text_callers.check_sidecars"),
    _verify("helm releases"),
    _verify("settings applied", (OBJECTS,)),
    _preflight("extra values", by="overridden_settings.check_applied", runs=(VERIFY,)),
    _verify("mesh pods", also=("out of memory",)),
    _verify("services", by="mesh_pods.check_services"),
    _preflight("ingress certificates", by="check_served", runs=(VERIFY,)),
    _verify("istio CRDs", by="webhooks.check_crds"),
    _verify("webhooks"),
    _verify("sidecar injection", (OBJECTS,), by="check_new_pods"),
    _verify("resource profile", by="sidecar_injection.check_profile"),
    _verify("stale proxies", by="running_proxies.check_versions"),
    _verify("mutual TLS", (OBJECTS,)),
    _verify("access", (OBJECTS,)),
    _preflight("audit", by="cut_callers.check_audit", runs=(VERIFY,)),
    _verify("proxy configuration", (OBJECTS,)),
    _traffic("orders", (SETTINGS,), by="check_routes", runs=(VERIFY,)),
    _verify("attached routes", (OBJECTS,)),
    _verify("mesh certificates", (OBJECTS,)),
    _verify("namespaces and objects", (OBJECTS,), by="drift_of_releases.check_own_objects"),
    _verify("drift of releases", (OBJECTS,), by="check_releases"),
    _verify("read-only verification", (OBJECTS,), by="helm_releases.check_read_only"),
    _verify("workloads", by="sidecar_injection.check_running_pods"),
    _operation("certificate issuer", (OBJECTS, CALLS)),
    _verify("running proxies", (CALLS,)),
    _verify("clock", (CALLS,)),
    _verify("request through the gateway", (CALLS,)),
    _verify("configuration analysis", (CALLS,), runs=(PREFLIGHT, VERIFY), beside=True),
    _operation("plain-text call", (OBJECTS, CALLS), only_with="--probe"),
    _verify("cpu throttling"),
)


def findings(
    command: str, observation: "Observation", *, calls: bool = True, options: Iterable[str] = ()
) -> list[Finding]:
    """Return the findings of all checks that a command runs, in reading order."""
    given = {"", *options}
    of_command = (check for check in CHECKS if command in check.commands and check.only_with in given)
    checks = [check for check in of_command if check.runs_on(observation, calls)]
    with ThreadPoolExecutor() as pool:
        begun = {
            check: pool.submit(lambda check: [*check.function(observation)], check) for check in checks if check.beside
        }
        results = (begun[check].result() if check in begun else check.function(observation) for check in checks)
        return [finding for result in results for finding in result]


def section_of(id: str) -> str:
    """Return the address of an ID's section; empty for the ID of no check."""
    return f"{PAGE}#{anchor_of(id)}" if any(id in check.ids for check in CHECKS) else ""


def anchor_of(id: str) -> str:
    """Return the anchor that GitHub gives to the heading of an ID."""
    return re.sub(r"[^\w\- ]", "", id.lower()).replace(" ", "-")
