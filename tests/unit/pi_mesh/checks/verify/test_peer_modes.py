"""The mutual TLS mode of workloads and ports, as Istio composes it."""

import pytest

from pi_mesh.checks.verify.peer_modes import PeerModes, weaker, weakest
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


def test_an_older_policy_without_a_mode_hides_a_newer_one_of_its_namespace():
    policies = (
        policy("root", 1, mtls=mode("STRICT")),
        policy("trading", 2),
        policy("trading", 3, mtls=mode("DISABLE")),
    )
    modes = PeerModes(policies, "root")
    assert modes.namespace_mode("trading") == "STRICT"
    assert [modes.in_force(one) for one in policies] == [True, True, False]


def test_an_older_mesh_wide_policy_without_a_mode_hides_a_newer_one():
    policies = (policy("root", 1), policy("root", 2, mtls=mode("STRICT")))
    modes = PeerModes(policies, "root")
    assert (modes.mesh_mode, modes.namespace_mode("root")) == ("PERMISSIVE", "PERMISSIVE")
    assert modes.mesh_wide == [*policies]


def test_a_policy_with_a_selector_is_in_force_but_in_the_root_namespace():
    modes = PeerModes((), "root")
    assert [modes.in_force(policy(namespace, 1, **APP)) for namespace in ("trading", "root")] == [True, False]


def test_the_oldest_policy_of_a_workload_counts():
    other = {"selector": {"matchLabels": {"app": "other"}}}
    policies = (
        policy("trading", 1, mtls=mode("DISABLE"), **other),
        policy("trading", 2, mtls=mode("PERMISSIVE"), **APP),
        policy("trading", 3, mtls=mode("STRICT"), **APP),
    )
    assert [*PeerModes(policies, "root").modes(POD)] == ["PERMISSIVE"]


def test_a_pod_has_the_modes_of_its_ports_too():
    ports = policy("trading", 1, **APP, mtls=mode("STRICT"), portLevelMtls={"80": mode("DISABLE"), "90": None})
    modes = PeerModes((ports,), "root")
    assert [*modes.modes(POD)] == ["STRICT", "DISABLE"]
    assert [*modes.modes(Pod("shop", "cart-0", {"app": "app"}))] == ["PERMISSIVE"]


def test_the_mode_that_admits_most_is_the_weakest_and_an_unknown_one_is_as_weak_as_any():
    assert weakest(["STRICT", "PERMISSIVE"]) == "PERMISSIVE"
    assert weakest(["STRICT", "PERMISSIVE", "DISABLE"]) == "DISABLE"
    assert weakest(["PERMISSIVE", "NEW"]) == "NEW"
    assert [weaker(one, "PERMISSIVE") for one in ("NEW", "DISABLE", "PERMISSIVE", "STRICT")] == [
        True,
        True,
        False,
        False,
    ]
