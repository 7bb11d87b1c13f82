"""The call between two workloads."""

from dataclasses import replace

from pi_mesh.checks.call.call import Callee
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.services import Endpoint
from tests.support.own_calls import APP, CLIENT, SERVER, access, make_call, policy, refusals


def test_a_call_that_nothing_refuses_has_no_problem():
    assert refusals(make_call()) == []


def test_the_callers_identity_has_the_meshs_trust_domain():
    assert make_call().principal == "cluster.local/ns/shop/sa/buyer"
    assert make_call(mesh_config={"trustDomain": "pi.example"}).principal == "pi.example/ns/shop/sa/buyer"


def test_the_pods_that_are_ready_get_the_call_and_without_one_all_are_judged():
    twin = replace(SERVER, name="app-1")
    both = (Endpoint("10.0.0.2", 8080, True, "app-0"), Endpoint("10.0.0.3", 8080, False, "app-1"))
    pods = (CLIENT, SERVER, twin, Pod("shop", "app-1"))
    assert make_call(endpoints=both, pods=pods).callees == (Callee(SERVER, 8080),)
    assert make_call(endpoints=both[1:], pods=pods).callees == (Callee(twin, 8080),)


def test_a_policy_bears_on_pods_of_its_namespace_and_its_labels_and_the_root_namespaces_on_all():
    own = access("DENY", {}, name="own")
    other_labels = policy("AuthorizationPolicy", {"selector": {"matchLabels": {"app": "other"}}}, "labels")
    elsewhere = access("DENY", {}, name="elsewhere", namespace="shop")
    root = access("DENY", {}, name="root", namespace="istio-system")
    waypoint = policy("AuthorizationPolicy", {"targetRefs": [{"kind": "Service", "name": "app"}]}, "waypoint")
    call = make_call(own, other_labels, elsewhere, root, waypoint)
    assert [one.name for one in call.selecting("AuthorizationPolicy", SERVER)] == ["own", "root"]


def test_a_workload_without_a_service_has_no_host():
    assert (make_call().host, make_call(service=None).host) == (f"{APP.name}.trading.svc.cluster.local", "")
