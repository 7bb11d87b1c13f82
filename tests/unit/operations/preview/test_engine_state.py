"""The state that the engine compares a pull request with."""

import json

from pulumi.automation.events import EngineEvent

from operations.preview import engine_state

PROVIDER = "urn:pulumi:s::p::pulumi:providers:kubernetes::cluster"


def registered(urn: str, type_: str, custom: bool = True, **more) -> EngineEvent:
    new = {"type": type_, "urn": urn, "id": "", "parent": "", "provider": "", "custom": custom, "inputs": {}, **more}
    step = {"op": "create", "urn": urn, "type": type_, "provider": "", "new": new}
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, "resourcePreEvent": {"metadata": step}})


def resources(*events: EngineEvent) -> list[dict]:
    return json.loads(json.dumps(engine_state.of([*events])))["resources"]


def test_a_provider_has_the_id_by_which_its_resources_name_it():
    provider, namespace = resources(
        registered(PROVIDER, "pulumi:providers:kubernetes"),
        registered("urn:n", "kubernetes:core/v1:Namespace", provider=f"{PROVIDER}::1-2"),
    )
    assert provider["id"] == "1-2"
    assert namespace["provider"] == f"{PROVIDER}::1-2"


def test_a_provider_whose_id_no_preview_knows_has_one_of_its_own():
    provider, guard = resources(
        registered("urn:p::destroy", "pulumi:providers:pi-mesh"),
        registered("urn:g", "pi-mesh:destroy:Guard", provider=f"urn:p::destroy::{engine_state.UNKNOWN_ID}"),
    )
    assert provider["id"] == "destroy"
    assert guard["provider"] == "urn:p::destroy::destroy"


def test_an_object_has_its_inputs_where_the_provider_looks_for_them():
    (namespace,) = resources(registered("urn:n", "kubernetes:core/v1:Namespace", inputs={"kind": "Namespace"}))
    assert namespace["inputs"] == {"kind": "Namespace"}
    assert namespace["outputs"] == {"kind": "Namespace", "__inputs": {"kind": "Namespace"}}


def test_a_release_has_its_inputs_as_outputs():
    (release,) = resources(registered("urn:r", "kubernetes:helm.sh/v3:Release", inputs={"chart": "istiod"}))
    assert release["outputs"] == {"chart": "istiod"}


def test_a_component_has_neither_id_nor_inputs():
    assert resources(registered("urn:c", "pi-mesh:istio:Base", custom=False, parent="urn:s")) == [
        {"urn": "urn:c", "type": "pi-mesh:istio:Base", "custom": False, "parent": "urn:s"}
    ]


def test_what_is_protected_or_retained_stays_so():
    (namespace,) = resources(registered("urn:n", "kubernetes:core/v1:Namespace", protect=True, retainOnDelete=True))
    assert (namespace["protect"], namespace["retainOnDelete"]) == (True, True)
