"""A call between two workloads for tests: a client in `shop` calls the Service `app` in `trading`, and all is well."""

from dataclasses import replace
from typing import Any

from pi_mesh.checks import call as checks
from pi_mesh.checks.call.call import Call
from pi_mesh.checks.finding import Level
from pi_mesh.cluster.objects import Service
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.policies import Policies, Policy
from pi_mesh.cluster.services import Endpoint, ServicePort

SIDECAR = Container("istio-proxy")
CLIENT = Pod("shop", "client-0", {"app": "client"}, containers=(SIDECAR,), address="10.0.0.1", service_account="buyer")
SERVER = Pod("trading", "app-0", {"app": "app"}, containers=(SIDECAR,), address="10.0.0.2")
APP = Service("trading", "app", ports=(80,), selector={"app": "app"})
STRICT = Policy("PeerAuthentication", "istio-system", "default", {"mtls": {"mode": "STRICT"}})
HTTP, TCP = ServicePort(80, "http", "http"), ServicePort(80, "tcp-feed", "tcp")


def make_call(*policies: Policy, mesh_config: dict[str, Any] | None = None, **changes: Any) -> Call:
    """Return the call in a STRICT mesh with these policies."""
    call = Call(CLIENT, "trading/app", HTTP, APP, (Endpoint("10.0.0.2", 8080, pod="app-0"),), (CLIENT, SERVER), (APP,))
    known = Policies((STRICT, *policies), {"rootNamespace": "istio-system", **(mesh_config or {})})
    return replace(call, policies=known, **changes)


def policy(kind: str, spec: dict[str, Any], name: str = "one", namespace: str = "trading", **more: Any) -> Policy:
    return Policy(kind, namespace, name, spec, **more)


def access(action: str, *rules: dict[str, Any], **more: Any) -> Policy:
    """Return an AuthorizationPolicy of the called namespace."""
    return policy("AuthorizationPolicy", {"action": action, "rules": [*rules]}, **more)


def refusals(call: Call) -> list[str]:
    """Return the objects that refuse the call, with their words."""
    return [f"{one.subject}: {one.message}" for one in checks.call_findings(call) if one.level is Level.ERROR]


def doubts(call: Call) -> list[str]:
    """Return the objects that may refuse the call, with their words."""
    levels = (Level.WARNING, Level.UNKNOWN)
    return [f"{one.subject}: {one.message}" for one in checks.call_findings(call) if one.level in levels]
