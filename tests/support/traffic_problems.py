"""Traffic settings that fit together, and the findings after a part of them is exchanged."""

from pi_mesh import inventory
from pi_mesh.checks import registry
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings
from tests.support.factories import STACK, make_settings
from tests.support.snapshots import make_snapshot

AGENT, APP = "trading-agent-service", "trading-app-service"
VERSIONS = {"v1": {"version": "v1"}, "v2": {"version": "v2"}}
BREAKER = {"maxEjectionPercent": 50}
TO_APP = {"to": [{"service": APP, "port": 80}]}
GOOD = {
    "services": {APP: {"ports": [80], "selector": {"app": "trading-app"}}, AGENT: {"ports": [80]}},
    "gateways": {"trading-gateway": {}},
    "routes": {"trading-app": {"hosts": ["*"], "gateways": ["trading-gateway"], "http": [TO_APP]}},
    "canaries": {"trading-canary": {"service": AGENT, "paths": {"/api/v2": "v2"}}},
    "destinations": {"circuit-breaker": {"service": AGENT, "subsets": VERSIONS, "circuitBreaker": BREAKER}},
}


def of_settings(settings: Settings, snapshot: Snapshot | None = None) -> Observation:
    """Return what the checks of the traffic settings judge; without a snapshot the cluster was not read."""
    return Observation(inventory.mesh_inventory(settings, STACK), snapshot)


def run(settings: Settings, snapshot: Snapshot | None) -> list[Finding]:
    """Return the findings of the checks of the traffic settings."""
    checks = [check for check in registry.CHECKS if check.folder.endswith("traffic") and "up" in check.commands]
    observation = of_settings(settings, snapshot)
    return [finding for check in checks for finding in check.function(observation)]


def problems(changes: dict | None = None, snapshot: Snapshot | None = None, **settings: object) -> list[Finding]:
    """Return the findings about the good traffic settings with one branch exchanged."""
    found = run(make_settings(traffic={**GOOD, **(changes or {})}, **settings), snapshot or make_snapshot())
    return [finding for finding in found if finding.level is not Level.OK]


def route(*http: dict, hosts: tuple[str, ...] = ("*",), gateways: tuple[str, ...] = ("trading-gateway",)) -> dict:
    return {"hosts": list(hosts), "gateways": list(gateways), "http": list(http)}
