"""The settings that an adoption writes, and the bounds that it proposes to switch off for running pods."""

from dataclasses import replace

import pytest

from operations.adopt import proposals
from pi_mesh.cluster.objects import Namespace
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.stack_state import NEVER_RUN, StackState
from pi_mesh.quantities import MI, Resources
from tests.support.factories import make_settings
from tests.support.snapshots import make_snapshot

BOUNDED = Container("app", Resources(100, 64 * MI), Resources(200, 128 * MI))
SMALL = Container("app", Resources(10, 16 * MI), Resources(50, 64 * MI))
SIDECAR = Container("istio-proxy", Resources(50, 128 * MI), Resources(200, 256 * MI))


def pods(count: int, container: Container = BOUNDED, namespace: str = "trading") -> tuple[Pod, ...]:
    return tuple(Pod(namespace, f"app-{number}", containers=(container, SIDECAR)) for number in range(count))


def proposed(
    *running: Pod, state: StackState = NEVER_RUN, names=None, listeners=(), **settings: object
) -> dict[str, object]:
    """Return the proposals beside those pods, in a cluster with the namespace trading."""
    snapshot = make_snapshot(pods=running, namespaces=(Namespace("trading", uid="u"),))
    found = proposals.of(make_settings(**settings), snapshot, state, names or {}, listeners)
    return {one.path: one.value for one in found}


def test_a_name_is_written_where_helm_has_another():
    assert proposed(names={"base": "istio-base", "istiod": "mesh"})["releases.names.istiod"] == "mesh"
    assert "releases.names.base" not in proposed(names={"base": "istio-base"})


def test_a_namespace_that_is_there_is_adopted_and_one_that_is_not_is_not():
    assert proposed() == {"trading.adopt": True}


@pytest.mark.parametrize("state", [StackState(namespaces={"trading": "u"})])
def test_a_namespace_that_the_stack_made_is_not_adopted(state):
    assert proposed(state=state) == {}


def test_bounds_that_all_pods_can_live_with_stay():
    assert proposed(*pods(3), trading={"adopt": True}) == {}
    assert proposed(*pods(9, SMALL), trading={"adopt": True, "workloads": 10}) == {}


@pytest.mark.parametrize(
    ("running", "trading"),
    [
        (pods(10, SMALL), {"workloads": 10}),
        (pods(3, replace(SMALL, requests=Resources(900, 0), limits=Resources(900, 64 * MI))), {}),
        (pods(6, replace(BOUNDED, requests=Resources(900, 64 * MI), limits=Resources(900, 128 * MI))), {}),
        (pods(3, replace(BOUNDED, limits=Resources(200, 6000 * MI))), {}),
    ],
    ids=["pods", "one more of three", "requests of CPU", "limits of memory"],
)
def test_a_quota_that_would_refuse_the_next_rollout_is_proposed_off(running, trading):
    assert proposed(*running, trading={"adopt": True, **trading}) == {"trading.bounds.quota": False}


@pytest.mark.parametrize(
    "container",
    [
        replace(BOUNDED, limits=Resources(200, 0)),
        replace(BOUNDED, requests=Resources(600, 0), limits=Resources(0, 128 * MI)),
    ],
    ids=["no memory limit", "more CPU than the limit it would get"],
)
def test_a_limit_range_that_would_bound_a_container_anew_goes_and_the_quota_with_it(container):
    found = proposed(*pods(1, container), trading={"adopt": True})
    assert found == {"trading.bounds.quota": False, "trading.bounds.limitRange": False}
    make_settings(trading={"bounds": {"quota": False, "limitRange": False}})


def test_a_sidecar_that_would_hide_other_workloads_of_the_mesh_is_proposed_off():
    found = proposed(*pods(1), *pods(1, namespace="reports"), trading={"adopt": True})
    assert found == {"trading.bounds.sidecar": False}


@pytest.mark.parametrize(
    ("others", "scope"),
    [
        (pods(1, namespace="istio-system"), ["./*"]),
        (pods(1, namespace="reports"), ["./*", "reports/*"]),
        (pods(1, namespace="reports"), ["*/*"]),
        ((Pod("reports", "plain", containers=(BOUNDED,)),), ["./*"]),
    ],
    ids=["the mesh's own", "in the scope", "everything in the scope", "not meshed"],
)
def test_a_sidecar_that_hides_nobody_stays(others, scope):
    assert proposed(*pods(1), *others, trading={"adopt": True, "sidecarScope": scope}) == {}


def test_what_is_off_already_is_not_proposed():
    off = {"adopt": True, "bounds": {"quota": False, "limitRange": False, "sidecar": False}}
    running = (*pods(9, replace(BOUNDED, limits=Resources(0, 0))), *pods(1, namespace="reports"))
    assert proposed(*running, trading=off) == {}


def gateway(selector: str, **server: object) -> dict:
    spec = {"selector": {"istio": selector}, "servers": [{"port": {"number": 443}, **server}]}
    return {"metadata": {"namespace": "trading", "name": "front"}, "spec": spec}


SECURE = {"tls": {"mode": "SIMPLE", "credentialName": "certificate"}}


def test_a_gateway_that_serves_a_certificate_keeps_its_right_to_read_it():
    found = proposed(listeners=[gateway("ingressgateway", **SECURE)], trading={"adopt": True})
    assert found == {"ingress.values.rbac.enabled": True}
    renamed = proposed(listeners=[gateway("edge", **SECURE)], names={"ingress": "edge"}, trading={"adopt": True})
    assert renamed["ingress.values.rbac.enabled"] is True


@pytest.mark.parametrize("listener", [gateway("ingressgateway"), gateway("partners", **SECURE)])
def test_without_such_a_certificate_the_right_goes(listener):
    assert proposed(listeners=[listener], trading={"adopt": True}) == {}


def test_a_further_namespace_is_adopted_and_freed_of_bounds_by_its_own_keys():
    there = make_snapshot(pods=pods(10, SMALL, "research"), namespaces=(Namespace("research", uid="r"),))
    settings = make_settings(namespaces={"research": {"workloads": 10}})
    found = {one.path: one.value for one in proposals.of(settings, there, NEVER_RUN, {})}
    assert found == {"namespaces.research.adopt": True, "namespaces.research.bounds.quota": False}


def test_pods_of_a_namespace_without_sidecars_count_without_them():
    batch = {"adopt": True, "injection": False, "workloads": 8}
    bare = tuple(replace(pod, containers=(BOUNDED,)) for pod in pods(3, namespace="batch"))
    assert proposed(*bare, trading={"adopt": True}, namespaces={"batch": batch}) == {}
