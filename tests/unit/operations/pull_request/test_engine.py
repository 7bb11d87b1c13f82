"""The engine's preview of a program: its intent, and the state that the next preview is compared with."""

import json
import os
import subprocess
from unittest.mock import Mock

import pytest
from pulumi import automation
from pulumi.automation.events import EngineEvent

from operations.failures import NotRunnableError
from operations.pull_request import engine
from operations.pull_request.engine import UNKNOWN_ID, Resource
from tests.support.findings import case, table
from tests.support.versions import NEWEST

NAMESPACE, RELEASE = "kubernetes:core/v1:Namespace", "kubernetes:helm.sh/v3:Release"
PROVIDER = "urn:pulumi:s::p::pulumi:providers:kubernetes::cluster"
URN = "urn:pulumi:pi-cluster::pi-mesh::kubernetes:helm.sh/v3:Release::istiod"
KIND, CHART = {"kind": "ConfigMap"}, {"chart": "istiod"}
OURS = {"urn": "urn:x", "custom": True, "id": "urn:x", "protect": False, "retainOnDelete": False}
EXITED = ("error", "an unhandled error occurred: program exited with non-zero exit code: 1")
OLD, BAD = ("warning", "old"), ("error", "bad")
PACK, BOUNDS = "policies/PulumiPolicy.yaml", "policies/config/pi-cluster.json"
TWICE, UNNAMED = "error: one\n  error: two\nerror: one\n", "an unnamed traceback"


def event(**content) -> EngineEvent:
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, **content})


def state(type_: str, urn: str = URN, **more) -> dict:
    return {"type": type_, "urn": urn, "id": "", "parent": "", "provider": "", "custom": True, "inputs": {}, **more}


def planned(new: dict | None, op: str = "create", old: dict | None = None, keys: tuple[str, ...] = ()) -> EngineEvent:
    """Return the event before the engine's step on a resource."""
    known = new or old or {}
    step = {"op": op, "urn": known["urn"], "type": known["type"], "keys": [*keys], "old": old, "new": new}
    return event(resourcePreEvent={"metadata": step})


def resources(*events: EngineEvent) -> list[dict]:
    return json.loads(json.dumps(engine.state_of_events([*events])))["resources"]


@pytest.mark.parametrize(("known", "id_"), [("1-2", "1-2"), (UNKNOWN_ID, "cluster")])
def test_a_provider_has_the_id_by_which_its_resources_name_it_or_else_its_name(known, id_):
    used = state(NAMESPACE, "urn:n", provider=f"{PROVIDER}::{known}")
    provider, namespace = resources(planned(state("pulumi:providers:kubernetes", PROVIDER)), planned(used))
    assert (provider["id"], namespace["provider"]) == (id_, f"{PROVIDER}::{id_}")


@pytest.mark.parametrize(("type_", "more", "entry"), [
    ("kubernetes:a:b", {"inputs": KIND}, {"inputs": KIND, "outputs": {**KIND, "__inputs": KIND}}),
    (RELEASE, {"inputs": CHART}, {"inputs": CHART, "outputs": CHART}),
    ("a:b:c", {"protect": True, "retainOnDelete": True}, {"protect": True, "retainOnDelete": True}),
])  # fmt: skip
def test_a_resource_has_its_inputs_where_its_provider_looks_for_them_and_stays_protected(type_, more, entry):
    (resource,) = resources(planned(state(type_, "urn:x", **more)))
    assert resource == {**OURS, "type": type_, "inputs": {}, "outputs": {}, **entry}


def test_a_component_has_neither_id_nor_inputs():
    component = {"urn": "urn:c", "type": "pi-mesh:istio:Base", "custom": False, "parent": "urn:s"}
    assert resources(planned(state(component["type"], "urn:c", custom=False, parent="urn:s"))) == [component]


def test_an_intent_has_the_resources_but_not_the_stack_and_its_providers():
    others = ("pulumi:pulumi:Stack", "pulumi:providers:kubernetes")
    events = [*(planned(state(type_, type_)) for type_ in others), planned(state(RELEASE, inputs=CHART))]
    assert engine.intent_of_events(events).resources == {URN: Resource(RELEASE, "istiod", CHART)}


@pytest.mark.parametrize(("level", "refused"), [("mandatory", True), ("advisory", False)])
def test_a_violation_names_its_policy_level_and_resource_and_only_a_mandatory_rule_refuses(level, refused):
    pack = {"color": "raw", "policyPackName": "pi-mesh", "policyPackVersion": "1.0.0", "policyPackVersionTag": "1.0.0"}
    broken = {"policyName": "ceiling", "enforcementLevel": level, "resourceUrn": URN, **pack}
    intent = engine.intent_of_events([event(policyEvent={**broken, "message": "<{%fg 1%}>no limit<{%reset%}>\n"})])
    assert intent.violations == (engine.Violation("ceiling", level, "istiod", "no limit"),)
    assert intent.is_refused is refused


@pytest.mark.parametrize(("messages", "crash", "warnings", "errors"), [
    pytest.param([OLD, OLD, BAD, ("info", "hm")], None, ("old",), ("bad",), id="said twice, told once"),
    pytest.param([BAD, EXITED, ("error", "preview failed")], None, (), ("bad",), id="the engine's summary"),
    pytest.param([], "exit 255", (), ("exit 255",), id="a crash without a reason of the engine"),
    pytest.param([BAD], "exit 255", (), ("bad",), id="a crash with a reason"),
])  # fmt: skip
def test_messages_are_warnings_and_errors(messages, crash, warnings, errors):
    said = [{"severity": severity, "message": message, "color": "never"} for severity, message in messages]
    intent = engine.intent_of_events([event(diagnosticEvent=text) for text in said], crash)
    assert (intent.warnings, intent.errors) == (warnings, errors)


TRADING, TRADES = (state(NAMESPACE, inputs={"metadata": {"name": name}}) for name in ("trading", "trades"))


REPLACED = [planned(TRADES, "create-replacement", TRADING), planned(TRADES, "replace", TRADING, ("metadata.name",)),
            planned(None, "delete-replaced", TRADING)]  # fmt: skip


@table(
    case("a replacement: one step with the keys that force it", REPLACED, ["replace"], ["metadata.name"], [URN]),
    case("a deletion: a step, and nothing that the side wants", [planned(None, "delete", TRADING)], ["delete"], [], []),
    case("what stays: no step", [planned(TRADING, "same", TRADING)], [], [], [URN]),
    case("an update of a secret alone: no step", [planned(TRADING, "update", TRADING)], [], [], [URN]),
)
def test_the_steps_of_an_intent(events, verbs, keys, resources):
    intent = engine.intent_of_events(events)
    assert ([step.verb for step in intent.steps], [*intent.resources]) == (verbs, resources)
    assert [key for step in intent.steps for key in step.keys] == keys
    assert {(step.kind, step.object_name, step.is_retained) for step in intent.steps} <= {
        ("Namespace", "trading", False)
    }


@pytest.fixture
def side(tmp_path) -> engine.Checkout:
    """Return a side with a program."""
    folder = tmp_path / "head"
    folder.mkdir()
    (folder / "Pulumi.yaml").touch()
    return engine.Checkout(folder, "pi-cluster", {"pi-mesh:istio.version": NEWEST})


@pytest.fixture
def previewed(monkeypatch, side):
    """Return `previewed(...)`: the intent, the stack's mock, and the call of the Automation API that selected it."""

    def run(judge=None, deployed=None, fails=""):
        stack = Mock(**{"preview.side_effect": automation.CommandError(fails) if fails else None})
        select = Mock(return_value=stack)
        monkeypatch.setattr(engine, "command", lambda: None)
        monkeypatch.setattr(engine.automation, "create_or_select_stack", select)
        return engine.preview(side, judge, deployed), stack, select

    return run


def test_a_side_without_a_program_registers_nothing(tmp_path):
    assert engine.preview(engine.Checkout(tmp_path, "pi-cluster", {})) is engine.NOTHING


def test_the_program_gets_no_cluster_no_vault_and_a_state_beside_its_folder(previewed, side):
    previewed()
    _, stack, select = previewed()
    options = select.call_args.kwargs["opts"]
    assert (*select.call_args.args, select.call_args.kwargs["work_dir"]) == ("pi-cluster", options.work_dir)
    assert (options.work_dir, side.environment["KUBECONFIG"]) == (str(side.folder), os.devnull)
    assert options.env_vars["PULUMI_BACKEND_URL"] == f"file://{side.folder.parent}/head-state"
    assert (side.folder.parent / "head-state").is_dir()
    (((key, value), path),) = [(call.args, call.kwargs) for call in stack.set_config.call_args_list]
    assert (key, value.value, path) == ("pi-mesh:istio.version", NEWEST, {"path": True})


def test_the_state_to_compare_with_is_imported_and_an_empty_one_is_not(previewed):
    assert not previewed()[1].import_stack.called
    (deployment,) = previewed(deployed={"resources": []})[1].import_stack.call_args.args
    assert (deployment.version, deployment.deployment) == (3, {"resources": []})


@pytest.mark.parametrize(("files", "packs", "bounds"), [
    (None, [], []),
    ([], [], []),
    ([BOUNDS], [], []),
    ([PACK], ["policies"], []),
    ([PACK, BOUNDS], ["policies"], [BOUNDS]),
])  # fmt: skip
def test_the_rules_and_their_bounds_are_the_judging_sides(previewed, tmp_path, files, packs, bounds):
    (tmp_path / "base" / "policies" / "config").mkdir(parents=True)
    for name in files or []:
        (tmp_path / "base" / name).touch()
    judge = None if files is None else engine.Checkout(tmp_path / "base", "pi-cluster", {})
    asked = previewed(judge=judge)[1].preview.call_args.kwargs
    assert asked["policy_packs"] == [str(tmp_path / "base" / name) for name in packs]
    assert asked["policy_pack_configs"] == [str(tmp_path / "base" / name) for name in bounds]
    assert asked["color"] == "never"


@pytest.mark.parametrize(("output", "reason"), [(TWICE, "one; two"), (UNNAMED, UNNAMED)])
def test_a_failed_preview_has_the_errors_that_pulumi_named(previewed, output, reason):
    (error,) = previewed(fails=output)[0].errors
    assert reason in error


@pytest.mark.parametrize(("problem", "error", "says"), [
    (FileNotFoundError(2, "No such file"), NotRunnableError, "pulumi"),
    (automation.InvalidVersionError("too old"), engine.PulumiRefusedError, "too old; install a newer one"),
    (subprocess.CalledProcessError(3, "pulumi"), engine.PulumiRefusedError, "ends with status 3, see above"),
])  # fmt: skip
def test_a_pulumi_that_can_not_be_used_is_one_line(monkeypatch, problem, error, says):
    monkeypatch.setattr(engine.automation, "PulumiCommand", Mock(side_effect=problem))
    with pytest.raises(error, match=says):
        engine.command.__wrapped__()
