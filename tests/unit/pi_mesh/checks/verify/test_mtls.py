"""What a verification says of mutual TLS."""

from dataclasses import replace

from tests.support.healthy_mesh import found, problems


def test_a_mesh_that_lets_plaintext_in_is_a_problem(healthy):
    mtls, *others = healthy.observed.pairs
    open_mesh = {**mtls.wanted, "spec": {"mtls": {"mode": "PERMISSIVE"}}}
    seen = problems(found(healthy, pairs=(replace(mtls, live=open_mesh), *others)))
    assert any("says PERMISSIVE, the settings say STRICT" in problem for problem in seen)


def test_a_missing_mesh_wide_policy_is_a_problem(healthy):
    mtls, *others = healthy.observed.pairs
    seen = problems(found(healthy, pairs=(replace(mtls, live=None), *others)))
    assert any("the mesh is PERMISSIVE, not STRICT" in problem for problem in seen)
