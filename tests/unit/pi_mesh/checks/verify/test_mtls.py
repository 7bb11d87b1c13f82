"""The verification's findings about mutual TLS."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.verify import mtls
from pi_mesh.cluster.policies import Policy
from tests.support.factories import make_mesh
from tests.support.healthy_mesh import make_verification, problems, with_policies, without_policy


def mesh_wide(spec: dict) -> Policy:
    return Policy("PeerAuthentication", "istio-system", "default", spec)


def test_a_mesh_that_lets_plaintext_in_is_a_problem(healthy):
    seen = problems(with_policies(healthy, mesh_wide({"mtls": {"mode": "PERMISSIVE"}})))
    assert any("says PERMISSIVE, the settings say STRICT" in problem for problem in seen)


def test_a_missing_mesh_wide_policy_is_a_problem(healthy):
    seen = problems(without_policy(healthy, "PeerAuthentication"))
    assert any("the mesh is PERMISSIVE, not STRICT" in problem for problem in seen)


def test_a_mesh_wide_policy_with_a_selector_is_a_problem(healthy):
    spec = {"mtls": {"mode": "STRICT"}, "selector": {"matchLabels": {"app": "a"}}}
    seen = problems(with_policies(healthy, mesh_wide(spec)))
    assert any("has a selector or ports of its own" in problem for problem in seen)


def test_strict_is_said_of_the_whole_mesh_with_the_number_of_its_pods(healthy):
    (row,) = mtls.check(healthy)
    assert (row.level, row.message.partition(":")[0], row.number) == (Level.OK, "STRICT for the whole mesh", 0)


def test_a_mesh_whose_root_namespace_is_elsewhere_is_not_said_to_be_strict():
    elsewhere = make_verification(make_mesh(istio={"values": {"meshConfig": {"rootNamespace": "elsewhere"}}}))
    levels = [finding.level for finding in mtls.check(elsewhere)]
    assert levels
    assert Level.OK not in levels


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"rootNamespace": "elsewhere"}, "meshConfig.rootNamespace is elsewhere"),
        ({"rootNamespace": "istio-system", "enableAutoMtls": False}, "meshConfig.enableAutoMtls is false"),
        (None, "is missing or not valid YAML"),
    ],
)
def test_a_mesh_config_that_undoes_mutual_tls_is_a_problem(healthy, config, says):
    seen = replace(healthy, policies=replace(healthy.policies, mesh_config=config))
    assert any(says in problem and "configmap istio-system/istio" in problem for problem in problems(seen))


def test_a_mesh_config_without_a_root_namespace_means_istio_system():
    mesh = make_verification(make_mesh(istio={"namespace": "mesh"}))
    seen = replace(mesh, policies=replace(mesh.policies, mesh_config={}))
    assert any("is not set, which means istio-system" in problem for problem in problems(seen))


@pytest.mark.parametrize("kind", ["PeerAuthentication", "DestinationRule", "configmap istio"])
def test_nothing_is_said_of_mutual_tls_where_its_policies_may_not_be_read(healthy, kind):
    (row,) = mtls.check(replace(healthy, policies=replace(healthy.policies, unreadable=(kind,))))
    assert (row.level, kind in row.message) == (Level.UNKNOWN, True)
