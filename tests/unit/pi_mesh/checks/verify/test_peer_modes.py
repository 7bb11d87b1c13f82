"""The mutual TLS mode of workloads and ports, as Istio composes it."""

import pytest

from pi_mesh.checks.verify.peer_modes import PeerModes
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.policies import Policies, Policy

POD = Pod("trading", "app-0", {"app": "app"})
APP = {"selector": {"matchLabels": {"app": "app"}}}


def policy(namespace: str, created: int, **spec: object) -> Policy:
    return Policy("PeerAuthentication", namespace, f"p{created}", spec, f"2026-01-{created:02}T00:00:00Z")


def mode(name: str) -> dict[str, str]:
    return {"mode": name}


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([], "PERMISSIVE"),
        ([policy("root", 1, mtls=mode("STRICT"))], "STRICT"),
        ([policy("root", 2, mtls=mode("STRICT")), policy("root", 1, mtls=mode("DISABLE"))], "DISABLE"),
        ([policy("root", 1, mtls=mode("STRICT")), policy("trading", 2, mtls=mode("DISABLE"))], "DISABLE"),
        ([policy("root", 1, mtls=mode("STRICT")), policy("trading", 2, mtls=mode("UNSET"))], "STRICT"),
        ([policy("trading", 1, mtls=mode("DISABLE")), policy("trading", 2, mtls=mode("STRICT"), **APP)], "STRICT"),
        ([policy("root", 1, mtls=mode("STRICT")), policy("root", 2, mtls=mode("DISABLE"), **APP)], "STRICT"),
        ([policy("root", 1, mtls=mode("STRICT")), policy("shop", 2, mtls=mode("DISABLE"), **APP)], "STRICT"),
    ],
    ids=[
        "none",
        "mesh",
        "the oldest",
        "namespace",
        "unset inherits",
        "workload",
        "root ignores selectors",
        "another's",
    ],
)
def test_the_narrowest_and_oldest_policy_counts(policies, expected):
    modes = PeerModes(Policies(tuple(policies)).of_kind("PeerAuthentication"), "root")
    assert modes.mode(POD) == expected


def test_a_port_has_the_mode_of_its_workloads_policy():
    ports = policy("trading", 1, **APP, portLevelMtls={"8080": mode("DISABLE"), "9090": mode("UNSET")})
    modes = PeerModes((policy("root", 1, mtls=mode("STRICT")), ports), "root")
    assert [modes.mode(POD, port) for port in (None, 8080, 9090)] == ["STRICT", "DISABLE", "STRICT"]


def test_ports_of_a_policy_for_a_whole_namespace_count_for_nothing():
    modes = PeerModes((policy("trading", 1, mtls=mode("STRICT"), portLevelMtls={"80": mode("DISABLE")}),), "root")
    assert modes.mode(POD, 80) == "STRICT"


def test_a_workload_of_the_root_namespace_has_the_mode_of_the_mesh():
    policies = (policy("root", 1, mtls=mode("STRICT")), policy("root", 2, mtls=mode("DISABLE"), **APP))
    assert PeerModes(policies, "root").mode(Pod("root", "gateway-0", {"app": "app"})) == "STRICT"
