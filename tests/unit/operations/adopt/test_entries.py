"""Fields that another field manager holds, and how they are handed over and given back."""

import pytest

from operations.adopt import entries
from operations.adopt.entries import MANAGER_PREFIX, field_holders, field_manager, give_back_patch, hand_over_patch
from operations.adopt.existing_mesh import ExistingObject
from tests.support.helm_mesh import (
    PEER,
    PROVIDER,
    UNKNOWN,
    existing,
    living,
    registered,
    resource,
    situation,
)

MODE = "spec.mtls.mode"
FIELDS = {"f:spec": {"f:mtls": {"f:mode": {}}}}


def found(*entries: dict) -> ExistingObject:
    metadata = {**PEER["metadata"], "resourceVersion": "7", "managedFields": list(entries)}
    return existing(peer={**PEER, "metadata": metadata}).objects[0]


def entry(name: str, fields: dict | None = None, **more: str) -> dict:
    return {"manager": name, "operation": "Update", "fieldsV1": fields or FIELDS, **more}


@pytest.mark.parametrize("name", ["OpenAPI-Generator", "kubectl-client-side-apply"])
def test_a_field_of_another_manager_is_named_with_its_holder(name):
    assert list(field_holders(found(entry(name)), [MODE, "spec.selector"])) == [(MODE, name)]


def test_what_was_handed_over_before_an_interruption_is_held_by_nobody_else():
    one = found()
    mine = entry(field_manager(one.registered["urn"]))
    assert list(field_holders(found(mine), [MODE])) == []


def test_the_status_is_nobodys_business():
    assert list(field_holders(found(entry("istiod", subresource="status")), [MODE])) == []


def test_all_fields_but_the_status_go_to_one_manager_if_nobody_changed_the_object_meanwhile():
    status = entry("istiod", subresource="status")
    test, replace = hand_over_patch(found(entry("a"), entry("b", {"f:spec": {"f:selector": {}}}), status))
    assert test == {"op": "test", "path": "/metadata/resourceVersion", "value": "7"}
    applied, kept = replace["value"]
    assert applied["operation"] == "Apply"
    assert applied["fieldsV1"] == {"f:spec": {"f:mtls": {"f:mode": {}}, "f:selector": {}}}
    assert kept == status


def test_an_undo_takes_the_stacks_manager_away_and_leaves_others():
    (_, replace) = give_back_patch(found(entry(f"{MANAGER_PREFIX}1234"), entry("argocd")).live)
    assert [one["manager"] for one in replace["value"]] == ["argocd"]
    assert give_back_patch(found(entry(f"{MANAGER_PREFIX}1234")).live)[1]["value"] == [{}]
    assert give_back_patch(found(entry("argocd")).live) == []


def test_the_manager_of_an_object_is_the_one_that_running_stacks_have_in_their_clusters():
    assert field_manager("urn:pulumi:test::pi-mesh::Kind::name") == "pulumi-kubernetes-dbd409e1"


LIVE_PEER = {
    **PEER,
    "metadata": {**PEER["metadata"], "uid": "u", "labels": {"team": "others"}, "resourceVersion": "7"},
    "spec": {"mtls": {"mode": "PERMISSIVE"}, "selector": {"matchLabels": {"app": "old"}}},
    "status": {"conditions": []},
}
LIVE_HOME = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {"name": "istio-system", "uid": "u", "labels": {"team": "others"}},
    "spec": {"finalizers": ["kubernetes"]},
}


def state_of(there) -> dict[str, dict]:
    """Return the entries by the names of their resources."""
    found = entries.state_with_entries(there)["deployment"]["resources"]
    return {entry["urn"].rpartition("::")[2]: entry for entry in found}


def test_every_urn_and_type_is_the_programs_own_and_what_others_need_comes_first():
    state = entries.state_with_entries(existing(peer=LIVE_PEER))["deployment"]["resources"]
    of_program = [(entry["urn"], entry["type"], entry.get("parent")) for entry in registered()]
    there = [(entry["urn"], entry["type"], entry.get("parent")) for entry in state]
    assert there == [entry for entry in of_program if not entry[0].endswith("istio-namespace")]


def test_a_component_of_which_nothing_is_in_the_cluster_gets_no_entry():
    assert "mesh-mtls" not in state_of(existing())


def test_a_release_has_what_helm_installed_and_not_what_the_settings_ask_for():
    installed = living("mesh-istiod", "istiod", {"pilot": {"replicaCount": 3}}, version="1.30.0", revision=4)
    entry = state_of(existing(release=installed))["istiod-release"]
    assert entry["id"] == "istio-system/mesh-istiod"
    assert entry["inputs"]["values"] == {"pilot": {"replicaCount": 3}}
    assert (entry["inputs"]["version"], entry["inputs"]["atomic"]) == ("1.30.0", True)
    assert entry["outputs"]["status"]["revision"] == 4


def test_of_a_directory_of_charts_the_installed_versions_package_is_named():
    now = situation(charts={"source": "charts"})
    entry = state_of(existing(now, living("istiod", "istiod", version="1.30.0")))["istiod-release"]
    assert entry["inputs"]["chart"] == "charts/istiod-1.30.0.tgz"


def test_a_release_with_the_settings_values_alone_needs_no_update():
    assert "initErrors" not in state_of(existing())["istiod-release"]


def test_a_value_that_the_settings_do_not_have_makes_up_go_over_the_release():
    # Without the secret `__inputs` the provider does not see that a value is gone.
    more = living("istiod", "istiod", {"pilot": {"cni": {"enabled": True}}})
    assert state_of(existing(release=more))["istiod-release"]["initErrors"] == [entries.EXTRA_VALUE]


def test_a_value_that_only_the_settings_have_is_an_update_like_any_other():
    assert "initErrors" not in state_of(existing(release=living("istiod", "istiod", {})))["istiod-release"]


def test_the_inputs_of_an_object_are_its_whole_live_spec_so_that_further_fields_go():
    entry = state_of(existing(peer=LIVE_PEER))["peer"]
    assert entry["id"] == "istio-system/default"
    assert entry["inputs"]["spec"] == LIVE_PEER["spec"]
    assert entry["outputs"]["__inputs"] == entry["inputs"]
    assert entry["outputs"]["metadata"]["uid"] == "u"


def test_labels_of_others_are_no_inputs_since_up_would_take_them_away():
    assert "labels" not in state_of(existing(peer=LIVE_PEER))["peer"]["inputs"]["metadata"]


def test_a_namespace_is_retained_and_its_spec_is_not_touched():
    entry = state_of(existing(**{"istio-namespace": LIVE_HOME}))["istio-namespace"]
    assert entry["retainOnDelete"] is True
    assert entry["inputs"] == {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "istio-system"}}


def test_a_new_provider_gets_an_id_which_every_entry_names():
    state = state_of(existing(peer=LIVE_PEER))
    provider = f"{PROVIDER}::{state['cluster']['id']}"
    assert UNKNOWN not in provider
    assert {state[name]["provider"] for name in ("istiod-release", "peer")} == {provider}
    assert "__internal" not in state["cluster"]["outputs"]


def test_no_entry_depends_on_what_is_not_in_the_state():
    assert state_of(existing())["istiod"]["dependencies"] == []


@pytest.mark.parametrize("deployment", [None, {"resources": []}, {}])
def test_a_stack_that_never_ran_can_adopt(deployment):
    there = existing(situation({"version": 3, "deployment": deployment}))
    assert len(entries.state_with_entries(there)["deployment"]["resources"]) == 4


def test_a_state_that_knows_half_of_it_keeps_its_entries_and_gets_the_rest():
    known = [
        {**entry, "id": "old"} if entry["type"].startswith("pulumi:providers") else entry for entry in registered()[:5]
    ]
    there = existing(situation({"version": 3, "deployment": {"resources": known}}), peer=LIVE_PEER)
    state = entries.state_with_entries(there)["deployment"]["resources"]
    assert state[:5] == known
    assert [entry["urn"].rpartition("::")[2] for entry in state[5:]] == ["mesh-mtls", "peer"]
    assert state[6]["provider"] == f"{PROVIDER}::old"


def test_an_entry_is_known_as_adopted_by_a_date_in_whole_seconds_which_the_engine_never_writes():
    assert all(entries.is_adopted(entry) for entry in state_of(existing()).values())
    assert not entries.is_adopted({"created": "2026-11-25T16:45:46.235699958Z"})
    assert not entries.is_adopted(resource("a:b:C", "without a date"))
