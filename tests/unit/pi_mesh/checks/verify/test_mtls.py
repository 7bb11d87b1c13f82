"""What a verification says of mutual TLS."""

from dataclasses import replace

from pi_mesh.checks.finding import Level
from pi_mesh.checks.verify import mtls
from tests.support import awaited
from tests.support.factories import make_mesh
from tests.support.healthy_mesh import found, problems


def test_a_mesh_that_lets_plaintext_in_is_a_problem(healthy):
    strict, *others = healthy.observed.pairs
    open_mesh = {**strict.wanted, "spec": {"mtls": {"mode": "PERMISSIVE"}}}
    seen = problems(found(healthy, pairs=(replace(strict, live=open_mesh), *others)))
    assert any("says PERMISSIVE, the settings say STRICT" in problem for problem in seen)


def test_a_missing_mesh_wide_policy_is_a_problem(healthy):
    strict, *others = healthy.observed.pairs
    seen = problems(found(healthy, pairs=(replace(strict, live=None), *others)))
    assert any("the mesh is PERMISSIVE, not STRICT" in problem for problem in seen)


@awaited.truth("H5 STRICT is told of the whole mesh from one object, wherever the root namespace is")
def test_a_mesh_whose_root_namespace_is_elsewhere_is_not_said_to_be_strict(healthy):
    elsewhere = make_mesh(istio={"values": {"meshConfig": {"rootNamespace": "elsewhere"}}})
    assert [one.level for one in mtls.check(replace(healthy, mesh=elsewhere))] != [Level.OK]
