"""The result of a side, from the engine's events."""

import pytest
from pulumi.automation.events import EngineEvent

from operations.preview import engine_result
from operations.preview.engine_result import Resource

URN = "urn:pulumi:pi-cluster::pi-mesh::kubernetes:helm.sh/v3:Release::istiod"


def event(**content) -> EngineEvent:
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, **content})


def registered(urn: str, type_: str, **inputs) -> EngineEvent:
    new_state = {"type": type_, "urn": urn, "id": "", "parent": "", "provider": "", "custom": True, "inputs": inputs}
    step = {"op": "create", "urn": urn, "type": type_, "provider": "", "new": new_state}
    return event(resourcePreEvent={"metadata": step})


def said(severity: str, message: str) -> EngineEvent:
    return event(diagnosticEvent={"message": message, "color": "never", "severity": severity})


def test_an_intent_has_the_resources_but_not_the_stack_and_its_providers():
    wanted = engine_result.of(
        [
            registered("urn:pulumi:s::p::pulumi:pulumi:Stack::s", "pulumi:pulumi:Stack"),
            registered("urn:x::pulumi:providers:kubernetes::cluster", "pulumi:providers:kubernetes", context="x"),
            registered(URN, "kubernetes:helm.sh/v3:Release", chart="istiod"),
        ]
    )
    assert wanted.resources == {URN: Resource("kubernetes:helm.sh/v3:Release", "istiod", {"chart": "istiod"})}


def test_the_outputs_are_the_stacks_own():
    def done(type_: str, **outputs) -> EngineEvent:
        new_state = {
            "type": type_,
            "urn": URN,
            "id": "",
            "parent": "",
            "provider": "",
            "inputs": {},
            "outputs": outputs,
        }
        step = {"op": "create", "urn": URN, "type": type_, "provider": "", "new": new_state}
        return event(resOutputsEvent={"metadata": step})

    assert engine_result.of([done("pulumi:pulumi:Stack", budget=1), done("x:y:Z", budget=2)]).outputs == {"budget": 1}


def test_a_violation_names_its_policy_level_and_resource():
    broken = {
        "message": "<{%fg 1%}>no limit<{%reset%}>\n",
        "policyName": "pi-ceiling",
        "enforcementLevel": "mandatory",
        "resourceUrn": URN,
        "color": "raw",
        "policyPackName": "pi-mesh",
        "policyPackVersion": "1.0.0",
        "policyPackVersionTag": "1.0.0",
    }
    (violation,) = engine_result.of([event(policyEvent=broken)]).violations
    assert violation == engine_result.Violation("pi-ceiling", "mandatory", "istiod", "no limit")


@pytest.mark.parametrize(("level", "refused"), [("mandatory", True), ("advisory", False)])
def test_only_a_mandatory_rule_refuses(level, refused):
    assert engine_result.Intent({}, {}, (engine_result.Violation("rule", level, "istiod", ""),)).is_refused is refused


def test_what_was_said_twice_is_told_once():
    events = [said("warning", "old"), said("warning", "old"), said("error", "bad"), said("info", "hm")]
    wanted = engine_result.of(events)
    assert (wanted.warnings, wanted.errors) == (("old",), ("bad",))


def test_the_engines_summary_is_no_reason():
    last = "an unhandled error occurred: program exited with non-zero exit code: 1"
    assert engine_result.of([said("error", each) for each in ("bad", last, "preview failed")]).errors == ("bad",)


def test_a_crash_is_told_where_the_engine_gave_no_reason():
    assert engine_result.of([], "exit 255").errors == ("exit 255",)
    assert engine_result.of([said("error", "bad")], "exit 255").errors == ("bad",)


def changed(op: str, before: dict | None, after: dict | None, keys: tuple[str, ...] = ()) -> EngineEvent:
    """Return the engine's step on a resource of the state."""

    def state(inputs: dict | None) -> dict | None:
        return inputs and {"type": "kubernetes:core/v1:Namespace", "urn": URN, "custom": True, "inputs": inputs}

    step = {"op": op, "urn": URN, "type": "kubernetes:core/v1:Namespace", "keys": [*keys]}
    return event(resourcePreEvent={"metadata": {**step, "old": state(before), "new": state(after)}})


ONE, OTHER = ({"metadata": {"name": name}} for name in ("trading", "trades"))


def test_a_replacement_is_one_step_with_the_keys_that_force_it():
    events = [
        changed("create-replacement", ONE, OTHER),
        changed("replace", ONE, OTHER, ("metadata.name",)),
        changed("delete-replaced", ONE, None),
    ]
    (step,) = engine_result.of(events).steps
    assert (step.verb, step.keys, step.kind, step.object_name) == (
        "replace",
        ("metadata.name",),
        "Namespace",
        "trading",
    )


def test_what_is_deleted_is_a_step_and_nothing_that_the_side_wants():
    wanted = engine_result.of([changed("delete", ONE, None)])
    assert [(step.verb, step.after) for step in wanted.steps] == [("delete", None)]
    assert wanted.resources == {}


def test_what_stays_is_no_step():
    assert engine_result.of([changed("same", ONE, ONE)]).steps == ()


def test_an_update_of_a_secret_alone_is_no_step():
    assert engine_result.of([changed("update", ONE, ONE)]).steps == ()
