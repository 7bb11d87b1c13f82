"""Fields that another field manager holds, and how they are handed over and given back."""

import pytest

from operations.adopt.existing_mesh import Found
from operations.adopt.held_fields import OURS, given_back, handed_over, holders, manager
from tests.support.helm_mesh import PEER, existing

MODE = "spec.mtls.mode"
FIELDS = {"f:spec": {"f:mtls": {"f:mode": {}}}}


def found(*entries: dict) -> Found:
    metadata = {**PEER["metadata"], "resourceVersion": "7", "managedFields": list(entries)}
    return existing(peer={**PEER, "metadata": metadata}).objects[0]


def entry(name: str, fields: dict | None = None, **more: str) -> dict:
    return {"manager": name, "operation": "Update", "fieldsV1": fields or FIELDS, **more}


@pytest.mark.parametrize("name", ["OpenAPI-Generator", "kubectl-client-side-apply"])
def test_a_field_of_another_manager_is_named_with_its_holder(name):
    assert list(holders(found(entry(name)), [MODE, "spec.selector"])) == [(MODE, name)]


def test_what_was_handed_over_before_an_interruption_is_held_by_nobody_else():
    one = found()
    mine = entry(manager(one.registered["urn"]))
    assert list(holders(found(mine), [MODE])) == []


def test_the_status_is_nobodys_business():
    assert list(holders(found(entry("istiod", subresource="status")), [MODE])) == []


def test_all_fields_but_the_status_go_to_one_manager_if_nobody_changed_the_object_meanwhile():
    status = entry("istiod", subresource="status")
    test, replace = handed_over(found(entry("a"), entry("b", {"f:spec": {"f:selector": {}}}), status))
    assert test == {"op": "test", "path": "/metadata/resourceVersion", "value": "7"}
    applied, kept = replace["value"]
    assert applied["operation"] == "Apply"
    assert applied["fieldsV1"] == {"f:spec": {"f:mtls": {"f:mode": {}}, "f:selector": {}}}
    assert kept == status


def test_an_undo_takes_the_stacks_manager_away_and_leaves_others():
    (_, replace) = given_back(found(entry(f"{OURS}1234"), entry("argocd")).live)
    assert [one["manager"] for one in replace["value"]] == ["argocd"]
    assert given_back(found(entry(f"{OURS}1234")).live)[1]["value"] == [{}]
    assert given_back(found(entry("argocd")).live) == []


def test_the_manager_of_an_object_is_the_one_that_running_stacks_have_in_their_clusters():
    assert manager("urn:pulumi:test::pi-mesh::Kind::name") == "pulumi-kubernetes-dbd409e1"
