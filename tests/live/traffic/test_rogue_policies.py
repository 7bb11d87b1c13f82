"""Foreign policies, one at a time: `verify` names each, and is green again without it.

Each is verified in both ways at once, whole and with --read-only.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.calls import settled
from lab.cluster.kubectl import get, kubectl
from lab.cluster.shell import LabError
from lab.workloads import CONTROL, TRADING
from tests.live.traffic import cast
from tests.live.traffic.cast import rules
from tests.support.objects import patched, present
from tests.support.project import STACK, Outcome, Project

pytestmark = pytest.mark.usefixtures("workloads")

SECURITY, NETWORKING = "security.istio.io/v1beta1", "networking.istio.io/v1beta1"
DENY_BY_DEFAULT = {"defaultDeny": {"enabled": True}}
Sabotage = Callable[[], AbstractContextManager[None]]


def rogue(version: str, kind: str, spec: dict[str, Any], namespace: str = TRADING) -> Sabotage:
    """Return a foreign object, which exists inside the context."""
    metadata = {"name": "rogue", "namespace": namespace}
    return lambda: present([{"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}])


def root_elsewhere(config_map: dict) -> dict:
    old = f"rootNamespace: {CONTROL}"
    assert old in config_map["data"]["mesh"]
    return {"data": {"mesh": config_map["data"]["mesh"].replace(old, f"rootNamespace: {cast.OUTSIDE}")}}


NOTHING = {"name": "envoy.filters.http.nothing"}  # a filter that no proxy has, so that the mesh goes on working
CHAIN = {"filterChain": {"filter": {"name": "envoy.filters.network.http_connection_manager", "subFilter": NOTHING}}}
REMOVED_FILTER = {
    "applyTo": "HTTP_FILTER",
    "match": {"context": "SIDECAR_INBOUND", "listener": CHAIN},
    "patch": {"operation": "REMOVE"},
}
DISABLED_PORT = {"selector": {"matchLabels": cast.APP}, "portLevelMtls": {"8080": {"mode": "DISABLE"}}}
NO_TLS = {"host": "trading-app-service", "trafficPolicy": {"tls": {"mode": "DISABLE"}}}
ANOTHER_SCOPE = {"spec": {"egress": [{"hosts": [f"{CONTROL}/*"]}]}}
SABOTAGES: dict[str, tuple[Sabotage, str]] = {
    "a PERMISSIVE PeerAuthentication": (
        rogue(SECURITY, "PeerAuthentication", {"mtls": {"mode": "PERMISSIVE"}}),
        f"PeerAuthentication {TRADING}/rogue: PERMISSIVE: plain text is accepted too",
    ),
    "a port-level DISABLE": (
        rogue(SECURITY, "PeerAuthentication", DISABLED_PORT),
        f"PeerAuthentication {TRADING}/rogue: port 8080 DISABLE: only plain text is accepted by 1 pod",
    ),
    "a DENY of every call": (
        rogue(SECURITY, "AuthorizationPolicy", {"action": "DENY", "rules": [{}]}),
        f"AuthorizationPolicy {TRADING}/rogue: refuses every call",
    ),
    "a foreign EnvoyFilter": (
        rogue("networking.istio.io/v1alpha3", "EnvoyFilter", {"configPatches": [REMOVED_FILTER]}, CONTROL),
        f"EnvoyFilter {CONTROL}/rogue: changes the proxies (REMOVE of HTTP_FILTER, SIDECAR_INBOUND)",
    ),
    "a DestinationRule without mutual TLS": (
        rogue(NETWORKING, "DestinationRule", NO_TLS),
        f"DestinationRule {TRADING}/rogue: has tls DISABLE: sidecars call trading-app-service.{TRADING}",
    ),
    "another root namespace": (
        lambda: patched("configmap", "istio", CONTROL, root_elsewhere),
        f"configmap {CONTROL}/istio: meshConfig.rootNamespace is {cast.OUTSIDE}",
    ),
    "a changed Sidecar": (
        lambda: patched("sidecar", "default", TRADING, lambda _: ANOTHER_SCOPE),
        f"Sidecar {TRADING}/default: is not as the settings ask: it now lets proxies know {CONTROL}/* alone",
    ),
}
Verdict = tuple[int, list[str]]  # an exit status, and the error messages


def verify(project: Project, *options: str) -> Verdict:
    """Return the verdict of `verify`."""
    return verdict(project.operation("verify", "--json", *options))


def verdict(done: Outcome) -> Verdict:
    errors = [finding for finding in done.findings if finding["level"] == "error"]
    return done.status, [f"{finding['kind']} {finding['name']}: {finding['message']}" for finding in errors]


@dataclass(frozen=True)
class BothWays:
    """The verification of the mesh by its owner, and with --read-only by an account that may get and list alone."""

    mesh: Project
    reader_kubeconfig: Path

    def verdicts(self) -> dict[str, Verdict]:
        """Return both verdicts on the same moment, by option."""
        reader = ("env", f"KUBECONFIG={self.reader_kubeconfig}", "python", "-m", "operations", "verify")
        with ThreadPoolExecutor() as pool:
            whole = pool.submit(verify, self.mesh)
            read_only = self.mesh.run(*reader, "--read-only", "--json", "--stack", STACK)
            return {"": whole.result(), "--read-only": verdict(read_only)}

    def must_name(self, says: str) -> None:
        """Raise AssertionError unless both are red, and have an error that begins with `says`."""
        for option, (status, errors) in self.verdicts().items():
            assert status == 1, option
            assert [line for line in errors if line.startswith(says)], (option, errors)

    def must_be_green(self) -> None:
        """Raise AssertionError unless both are without an error."""
        assert self.verdicts() == {"": (0, []), "--read-only": (0, [])}


@pytest.fixture(scope="module")
def sound(mesh: Project, reader_kubeconfig: Path) -> BothWays:
    """Return a mesh that is verified before the first sabotage."""
    both = BothWays(mesh, reader_kubeconfig)
    both.must_be_green()
    return both


@pytest.mark.parametrize("name", SABOTAGES)
def test_each_is_noticed_and_named_and_green_again_after_its_cure(sound, figure, name):
    sabotage, says = SABOTAGES[name]
    with sabotage():
        sound.must_name(says)
    sound.must_be_green()
    figure(f"{name}: status 1, named; 0 after; the same with --read-only")


def test_an_allow_all_beside_the_default_deny_is_noticed(sound):
    sound.mesh.set("traffic.authorization", DENY_BY_DEFAULT)
    try:
        with rules(authorization=DENY_BY_DEFAULT):
            with rogue(SECURITY, "AuthorizationPolicy", {"rules": [{}]})():
                sound.must_name(f"AuthorizationPolicy {TRADING}/rogue: allows every")
            sound.must_be_green()
    finally:
        sound.mesh.reset()


def test_the_plain_text_call_is_refused_under_strict_and_answered_under_a_rogue_policy(sound, figure):
    assert verify(sound.mesh, "--probe") == (0, [])
    selected = {"selector": {"matchLabels": cast.APP}, "mtls": {"mode": "PERMISSIVE"}}
    pod = get("pod", f"--namespace={TRADING}", f"--selector=app={cast.APP['app']}")["items"][0]["metadata"]["name"]
    with rogue(SECURITY, "PeerAuthentication", selected)():
        assert settled(lambda: answers(pod), expected=True)
    assert not settled(lambda: answers(pod), expected=False)
    figure("refused under STRICT, answered under PERMISSIVE")


def answers(pod: str) -> bool:
    """Return True for a pod that answers the API server's plain-text call."""
    try:
        kubectl("get", "--raw", f"/api/v1/namespaces/{TRADING}/pods/{pod}:8080/proxy/")
    except LabError as refused:
        if "error trying to reach service" not in str(refused):
            raise
        return False
    return True
