"""The entries of adopted resources in the state, and the field managers that are handed over and given back."""

import pytest

from operations.adopt import entries
from operations.adopt.entries import MANAGER_PREFIX, field_holders, field_manager, give_back_patch, hand_over_patch
from operations.adopt.existing_mesh import ExistingObject
from tests.support import helm_mesh
from tests.support.helm_mesh import PEER, PROVIDER, existing, living, name_of, registered, situation, state_with
from tests.support.versions import BEFORE

MODE = "spec.mtls.mode"
FIELDS = {"f:spec": {"f:mtls": {"f:mode": {}}}}


def held_by(*managed_fields: dict) -> ExistingObject:
    metadata = {**PEER["metadata"], "resourceVersion": "7", "managedFields": list(managed_fields)}
    return existing(peer={**PEER, "metadata": metadata}).objects[0]


def entry(name: str, fields: dict | None = None, **more: str) -> dict:
    return {"manager": name, "operation": "Update", "fieldsV1": fields or FIELDS, **more}


STATUS = entry("istiod", subresource="status")
OWN = field_manager(held_by().registered["urn"])


@pytest.mark.parametrize(("manager", "holders"), [
    pytest.param(entry("OpenAPI-Generator"), [(MODE, "OpenAPI-Generator")], id="Ansible"),
    pytest.param(entry("kubectl-client-side-apply"), [(MODE, "kubectl-client-side-apply")], id="kubectl"),
    pytest.param(entry(OWN), [], id="what was handed over before an interruption is held by nobody else"),
    pytest.param(STATUS, [], id="the status is nobody's business"),
])  # fmt: skip
def test_a_field_of_another_manager_is_named_with_its_holder(manager, holders):
    assert list(field_holders(held_by(manager), [MODE, "spec.selector"])) == holders


def test_all_fields_but_the_status_go_to_one_manager_if_nobody_changed_the_object_meanwhile():
    test, replace = hand_over_patch(held_by(entry("a"), entry("b", {"f:spec": {"f:selector": {}}}), STATUS))
    assert test == {"op": "test", "path": "/metadata/resourceVersion", "value": "7"}
    applied, kept = replace["value"]
    assert (applied["operation"], applied["manager"]) == ("Apply", OWN)
    assert applied["fieldsV1"] == {"f:spec": {"f:mtls": {"f:mode": {}}, "f:selector": {}}}
    assert kept == STATUS


@pytest.mark.parametrize(("managers", "kept"), [
    ([entry(f"{MANAGER_PREFIX}1234"), entry("argocd")], [[entry("argocd")]]),
    ([entry(f"{MANAGER_PREFIX}1234")], [[{}]]),
    ([entry("argocd")], []),
])  # fmt: skip
def test_an_undo_takes_the_stacks_manager_away_and_leaves_others(managers, kept):
    assert [operation["value"] for operation in give_back_patch(held_by(*managers).live)[1:]] == kept


def test_the_manager_of_an_object_is_the_one_that_running_stacks_have_in_their_clusters():
    assert field_manager("urn:pulumi:test::pi-mesh::Kind::name") == "pulumi-kubernetes-dbd409e1"


META = {**PEER["metadata"], "uid": "u", "labels": {"team": "others"}, "resourceVersion": "7"}
SPEC = {"mtls": {"mode": "PERMISSIVE"}, "selector": {"matchLabels": {"app": "old"}}}
LIVE_PEER = {**PEER, "metadata": META, "spec": SPEC, "status": {"conditions": []}}
HOME = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "istio-system"}}


def entries_of(there) -> list[dict]:
    return entries.state_with_entries(there)["deployment"]["resources"]


def by_name(there) -> dict[str, dict]:
    return {name_of(entry): entry for entry in entries_of(there)}


def istiod(*values: dict, **more: object) -> dict:
    """Return the entry of istiod as Helm has installed it, by default with the values of the settings."""
    release = living("istiod", "istiod", *values, **more) if values or more else None
    return by_name(existing(release=release))["istiod-release"]


def test_every_urn_and_type_is_the_programs_own_and_what_others_need_comes_first():
    identities = [[(entry["urn"], entry["type"], entry.get("parent")) for entry in listed]
                  for listed in (registered(), entries_of(existing(peer=LIVE_PEER)))]  # fmt: skip
    of_program, of_state = identities
    assert of_state == [identity for identity in of_program if not identity[0].endswith("istio-namespace")]


def test_a_release_has_what_helm_installed_and_not_what_the_settings_ask_for():
    installed = living("mesh-istiod", "istiod", {"pilot": {"replicaCount": 3}}, version=BEFORE, revision=4)
    release = by_name(existing(release=installed))["istiod-release"]
    asked = {"values": {"pilot": {"replicaCount": 3}}, "version": BEFORE, "atomic": True}
    assert release["inputs"].items() >= asked.items()
    assert (release["id"], release["outputs"]["status"]["revision"]) == ("istio-system/mesh-istiod", 4)


@pytest.mark.parametrize(("live", "kept"), [
    pytest.param({"adminPassword": "x", "pilot": {"cni": {"password": "x"}, "replicaCount": 3}},
                 {"pilot": {"replicaCount": 3}}, id="a value that only the cluster has"),
    pytest.param({"pilot": {"replicaCount": {"password": "x"}}}, {"pilot": {}},
                 id="a map in place of the settings' value"),
])  # fmt: skip
def test_an_adopted_state_has_no_value_that_only_the_cluster_has(live, kept):
    release = istiod(live)
    assert release["inputs"]["values"] == release["outputs"]["values"] == kept
    assert release["initErrors"] == [entries.EXTRA_VALUE]


def test_of_a_directory_of_charts_the_installed_versions_package_is_named():
    there = existing(situation(charts={"source": "charts"}), living("istiod", "istiod", version=BEFORE))
    assert by_name(there)["istiod-release"]["inputs"]["chart"] == f"charts/istiod-{BEFORE}.tgz"


def test_a_value_that_the_settings_do_not_have_makes_up_go_over_the_release():
    # Without the secret `__inputs` the provider does not see that a value is gone.
    assert istiod({"pilot": {"cni": {"enabled": True}}})["initErrors"] == [entries.EXTRA_VALUE]
    assert "initErrors" not in {**istiod(), **istiod({})}


def test_the_inputs_of_an_object_are_its_whole_live_spec_so_that_further_fields_go():
    peer = by_name(existing(peer=LIVE_PEER))["peer"]
    assert (peer["id"], peer["inputs"]["spec"]) == ("istio-system/default", SPEC)
    assert (peer["outputs"]["__inputs"], peer["outputs"]["metadata"]["uid"]) == (peer["inputs"], "u")
    # `up` would take the labels of others away.
    assert "labels" not in peer["inputs"]["metadata"]


def test_a_namespace_is_retained_and_its_spec_is_not_touched():
    live = {**HOME, "metadata": {"name": "istio-system", "uid": "u", "labels": {"team": "others"}}, "spec": {"a": 1}}
    home = by_name(existing(**{"istio-namespace": live}))["istio-namespace"]
    assert (home["retainOnDelete"], home["inputs"]) == (True, HOME)


def test_a_new_provider_gets_an_id_which_every_entry_names():
    state = by_name(existing(peer=LIVE_PEER))
    provider = f"{PROVIDER}::{state['cluster']['id']}"
    assert helm_mesh.UNKNOWN not in provider
    assert {state[name]["provider"] for name in ("istiod-release", "peer")} == {provider}
    assert "__internal" not in state["cluster"]["outputs"]


@pytest.mark.parametrize("deployment", [None, {"resources": []}, {}])
def test_a_stack_that_never_ran_gets_what_is_in_the_cluster_and_no_dependency_on_anything_else(deployment):
    state = by_name(existing(situation({"version": 3, "deployment": deployment})))
    assert list(state) == ["pi-mesh-test", "cluster", "istiod", "istiod-release"]
    assert state["istiod"]["dependencies"] == []


def test_a_state_that_knows_half_of_it_keeps_its_entries_and_gets_the_rest():
    known = registered()[:5]
    known[1]["id"] = "old"
    state = entries_of(existing(situation(state_with(*known)), peer=LIVE_PEER))
    assert state[:5] == known
    assert [name_of(entry) for entry in state[5:]] == ["mesh-mtls", "peer"]
    assert state[6]["provider"] == f"{PROVIDER}::old"


def test_an_entry_is_known_as_adopted_by_a_date_in_whole_seconds_which_the_engine_never_writes():
    assert all(entries.is_adopted(entry) for entry in entries_of(existing()))
    assert not entries.is_adopted({"created": "2026-11-25T16:45:46.235699958Z"})
    assert not entries.is_adopted({"urn": "without a date"})
