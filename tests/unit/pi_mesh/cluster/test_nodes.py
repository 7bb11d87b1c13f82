"""Nodes as the checks see them."""

import pytest

from pi_mesh.cluster import nodes
from tests.support.snapshots import make_node


@pytest.mark.parametrize(("given", "pods"), [("110", 110), (110, 110), ("1M", 1_000_000), ("1k", 1000)])
def test_the_number_of_pods_is_a_quantity_of_kubernetes(given, pods):
    assert nodes.parse({"metadata": {"name": "pi-1"}, "status": {"allocatable": {"pods": given}}}).pods == pods


def test_a_node_that_says_nothing_of_pods_takes_none():
    assert nodes.parse({"metadata": {"name": "pi-1"}}).pods == 0


TAINTED = make_node(taints=("dedicated=mesh:NoSchedule",))
CONTROL_PLANE = make_node(taints=("node-role.kubernetes.io/control-plane:NoSchedule",))


def required(*terms: dict) -> dict:
    affinity = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}
    return {"affinity": {"nodeAffinity": affinity}}


def expression(key: str, operator: str, *values: str) -> dict:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("spec", "allowed"),
    [
        ({}, True),
        ({"nodeSelector": {"disk": "ssd"}}, True),
        ({"nodeSelector": {"disk": "sd"}}, False),
        ({"nodeSelector": {"kubernetes.io/arch": "arm64", "kubernetes.io/hostname": "pi-1"}}, True),
        (required(expression("disk", "In", "ssd", "nvme")), True),
        (required(expression("disk", "NotIn", "ssd")), False),
        (required(expression("disk", "Exists")), True),
        (required(expression("disk", "DoesNotExist")), False),
        (required(expression("slots", "Gt", "3")), True),
        (required(expression("slots", "Lt", "3")), False),
        (required(expression("disk", "Gt", "3")), False),
        (required(expression("disk", "In", "sd"), expression("slots", "In", "4")), True),
        (required({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["pi-2"]}]}), False),
        (required({}), False),
    ],
)
def test_a_pod_is_placed_by_the_labels_of_the_node(spec, allowed):
    node = make_node("pi-1", labels={"disk": "ssd", "slots": "4"})
    assert nodes.parse_placement(spec).allows(node) is allowed


@pytest.mark.parametrize(
    ("toleration", "node", "allowed"),
    [
        (None, TAINTED, False),
        ({"operator": "Exists"}, TAINTED, True),
        ({"key": "dedicated", "operator": "Exists"}, TAINTED, True),
        ({"key": "dedicated", "value": "mesh", "effect": "NoSchedule"}, TAINTED, True),
        ({"key": "dedicated", "value": "vault"}, TAINTED, False),
        ({"key": "dedicated", "operator": "Exists", "effect": "NoExecute"}, TAINTED, False),
        ({"key": "node-role.kubernetes.io/control-plane"}, CONTROL_PLANE, True),
    ],
)
def test_a_taint_keeps_away_what_does_not_tolerate_it(toleration, node, allowed):
    spec = {"tolerations": [toleration]} if toleration else {}
    assert nodes.parse_placement(spec).allows(node) is allowed


@pytest.mark.parametrize("state", [{"ready": False}, {"cordoned": True}])
def test_no_pod_is_placed_on_a_node_that_is_down_or_cordoned(state):
    assert not nodes.parse_placement({}).allows(make_node(**state))


def test_a_taint_is_read_with_its_value():
    taint = {"key": "dedicated", "value": "mesh", "effect": "NoSchedule"}
    item = {"metadata": {"name": "pi-1", "labels": {"disk": "ssd"}}, "spec": {"taints": [taint]}}
    node = nodes.parse(item)
    assert (node.taints, node.labels) == (("dedicated=mesh:NoSchedule",), {"disk": "ssd"})
