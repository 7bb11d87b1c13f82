"""What the preflight says of namespaces that exist already."""

import pytest

from pi_mesh.cluster.objects import Namespace
from tests.support import awaited
from tests.support.preflight_problems import problems
from tests.support.snapshots import make_snapshot, owned_namespace


@pytest.mark.parametrize("name", ["istio-system", "trading"])
def test_a_namespace_of_somebody_else_is_refused(name):
    (problem,) = problems(make_snapshot(namespaces=(Namespace(name),)))
    assert problem.startswith(f"namespace {name}: already exists and was not created by")
    assert "adopt: true" in problem


def test_a_namespace_of_another_stack_is_refused_by_that_stacks_name():
    (problem,) = problems(make_snapshot(namespaces=(owned_namespace("trading", "staging"),)))
    assert "belongs to stack pi-mesh/staging" in problem


def test_a_namespace_is_taken_over_where_the_settings_say_so():
    snapshot = make_snapshot(namespaces=(Namespace("trading"),))
    assert problems(snapshot, trading={"adopt": True}) == []


@awaited.truth("H3 the mark on a namespace names the stack alone, and not whose stack it is")
def test_a_namespace_of_another_organizations_stack_of_the_same_name_is_refused():
    theirs = make_snapshot(namespaces=(owned_namespace("trading", "somebody-else/pi-mesh/test"),))
    assert problems(theirs) != []
