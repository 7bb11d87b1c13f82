"""The state that the engine compares a pull request with."""

import json
import os
import subprocess

import pytest
from pulumi import automation
from pulumi.automation.events import EngineEvent

from operations.failures import NotRunnableError
from operations.pull_request import engine
from operations.pull_request.engine import Resource

PROVIDER = "urn:pulumi:s::p::pulumi:providers:kubernetes::cluster"


def registered(urn: str, type_: str, custom: bool = True, **more) -> EngineEvent:
    new = {"type": type_, "urn": urn, "id": "", "parent": "", "provider": "", "custom": custom, "inputs": {}, **more}
    step = {"op": "create", "urn": urn, "type": type_, "provider": "", "new": new}
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, "resourcePreEvent": {"metadata": step}})


def resources(*events: EngineEvent) -> list[dict]:
    return json.loads(json.dumps(engine.state_of_events([*events])))["resources"]


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
        registered("urn:g", "pi-mesh:destroy:Guard", provider=f"urn:p::destroy::{engine.UNKNOWN_ID}"),
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


URN = "urn:pulumi:pi-cluster::pi-mesh::kubernetes:helm.sh/v3:Release::istiod"


def event(**content) -> EngineEvent:
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, **content})


def registered_of_engine_result(urn: str, type_: str, **inputs) -> EngineEvent:
    new_state = {"type": type_, "urn": urn, "id": "", "parent": "", "provider": "", "custom": True, "inputs": inputs}
    step = {"op": "create", "urn": urn, "type": type_, "provider": "", "new": new_state}
    return event(resourcePreEvent={"metadata": step})


def said(severity: str, message: str) -> EngineEvent:
    return event(diagnosticEvent={"message": message, "color": "never", "severity": severity})


def test_an_intent_has_the_resources_but_not_the_stack_and_its_providers():
    wanted = engine.intent_of_events(
        [
            registered_of_engine_result("urn:pulumi:s::p::pulumi:pulumi:Stack::s", "pulumi:pulumi:Stack"),
            registered_of_engine_result(
                "urn:x::pulumi:providers:kubernetes::cluster", "pulumi:providers:kubernetes", context="x"
            ),
            registered_of_engine_result(URN, "kubernetes:helm.sh/v3:Release", chart="istiod"),
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

    assert engine.intent_of_events([done("pulumi:pulumi:Stack", budget=1), done("x:y:Z", budget=2)]).outputs == {
        "budget": 1
    }


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
    (violation,) = engine.intent_of_events([event(policyEvent=broken)]).violations
    assert violation == engine.Violation("pi-ceiling", "mandatory", "istiod", "no limit")


@pytest.mark.parametrize(("level", "refused"), [("mandatory", True), ("advisory", False)])
def test_only_a_mandatory_rule_refuses(level, refused):
    assert engine.Intent({}, {}, (engine.Violation("rule", level, "istiod", ""),)).is_refused is refused


def test_what_was_said_twice_is_told_once():
    events = [said("warning", "old"), said("warning", "old"), said("error", "bad"), said("info", "hm")]
    wanted = engine.intent_of_events(events)
    assert (wanted.warnings, wanted.errors) == (("old",), ("bad",))


def test_the_engines_summary_is_no_reason():
    last = "an unhandled error occurred: program exited with non-zero exit code: 1"
    assert engine.intent_of_events([said("error", each) for each in ("bad", last, "preview failed")]).errors == ("bad",)


def test_a_crash_is_told_where_the_engine_gave_no_reason():
    assert engine.intent_of_events([], "exit 255").errors == ("exit 255",)
    assert engine.intent_of_events([said("error", "bad")], "exit 255").errors == ("bad",)


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
    (step,) = engine.intent_of_events(events).steps
    assert (step.verb, step.keys, step.kind, step.object_name) == (
        "replace",
        ("metadata.name",),
        "Namespace",
        "trading",
    )


def test_what_is_deleted_is_a_step_and_nothing_that_the_side_wants():
    wanted = engine.intent_of_events([changed("delete", ONE, None)])
    assert [(step.verb, step.after) for step in wanted.steps] == [("delete", None)]
    assert wanted.resources == {}


def test_what_stays_is_no_step():
    assert engine.intent_of_events([changed("same", ONE, ONE)]).steps == ()


def test_an_update_of_a_secret_alone_is_no_step():
    assert engine.intent_of_events([changed("update", ONE, ONE)]).steps == ()


class Stack:
    """A stack that records its use."""

    def __init__(self, fails: str = "") -> None:
        self.fails = fails
        self.config: dict[str, tuple[str, bool]] = {}
        self.imported: list[automation.Deployment] = []
        self.previews: list[dict] = []

    def set_config(self, key: str, value: automation.ConfigValue, path: bool) -> None:
        self.config[key] = (value.value, path)

    def import_stack(self, deployment: automation.Deployment) -> None:
        self.imported.append(deployment)

    def preview(self, **options: object) -> None:
        self.previews.append(options)
        if self.fails:
            raise automation.CommandError(self.fails)


@pytest.fixture
def side(tmp_path) -> engine.Checkout:
    """Return a side with a program."""
    folder = tmp_path / "head"
    folder.mkdir()
    (folder / "Pulumi.yaml").touch()
    return engine.Checkout(folder, "pi-cluster", {"pi-mesh:istio.version": "1.31.0"})


@pytest.fixture
def previewed(monkeypatch, side):
    """Return `previewed(...)`: the intent, the stack, and what the Automation API was asked for."""

    def run(judge=None, deployed=None, fails=""):
        stack, asked = Stack(fails), []
        monkeypatch.setattr(engine, "command", lambda: None)
        monkeypatch.setattr(
            engine.automation,
            "create_or_select_stack",
            lambda name, work_dir, opts: asked.append((name, work_dir, opts)) or stack,
        )
        return engine.preview(side, judge, deployed), stack, asked

    return run


def test_a_side_without_a_program_registers_nothing(tmp_path):
    assert engine.preview(engine.Checkout(tmp_path, "pi-cluster", {})) is engine.NOTHING


def test_the_program_gets_no_cluster_no_vault_and_a_state_beside_its_folder(previewed, side):
    _, stack, ((name, folder, options),) = previewed()
    assert (name, folder, options.work_dir) == ("pi-cluster", str(side.folder), str(side.folder))
    assert side.environment["KUBECONFIG"] == os.devnull
    assert options.env_vars["PULUMI_BACKEND_URL"] == f"file://{side.folder.parent}/head-state"
    assert (side.folder.parent / "head-state").is_dir()
    assert stack.config == {"pi-mesh:istio.version": ("1.31.0", True)}


def test_a_second_preview_takes_the_same_state(previewed):
    previewed()
    assert previewed()[1].previews


def test_the_state_to_compare_with_is_imported_and_an_empty_one_is_not(previewed):
    assert previewed()[1].imported == []
    (deployment,) = previewed(deployed={"resources": []})[1].imported
    assert (deployment.version, deployment.deployment) == (3, {"resources": []})


def judging(folder, *files: str) -> engine.Checkout:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return engine.Checkout(folder, "pi-cluster", {})


@pytest.mark.parametrize(
    ("files", "packs", "bounds"),
    [
        ((), [], []),
        (("policies/config/pi-cluster.json",), [], []),
        (("policies/PulumiPolicy.yaml",), ["policies"], []),
        (
            ("policies/PulumiPolicy.yaml", "policies/config/pi-cluster.json"),
            ["policies"],
            ["policies/config/pi-cluster.json"],
        ),
    ],
)
def test_the_rules_and_their_bounds_are_the_judging_sides(previewed, tmp_path, files, packs, bounds):
    folder = tmp_path / "base"
    (asked,) = previewed(judge=judging(folder, *files))[1].previews
    assert asked["policy_packs"] == [str(folder / name) for name in packs]
    assert asked["policy_pack_configs"] == [str(folder / name) for name in bounds]
    assert asked["color"] == "never"


def test_without_a_judge_no_rules_apply(previewed):
    (asked,) = previewed()[1].previews
    assert (asked["policy_packs"], asked["policy_pack_configs"]) == ([], [])


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("error: one\n  error: two\nerror: one\n", "one; two"),
        ("a traceback without its name", "a traceback without its name"),
    ],
)
def test_a_failed_preview_has_the_errors_that_pulumi_named(previewed, output, reason):
    (error,) = previewed(fails=output)[0].errors
    assert reason in error


@pytest.fixture
def pulumi(monkeypatch):
    """Return `pulumi(problem)`: the command on PATH, which raises that."""
    engine.command.cache_clear()

    def raising(problem: Exception):
        def made():
            raise problem

        monkeypatch.setattr(engine.automation, "PulumiCommand", made)

    yield raising
    engine.command.cache_clear()


def test_a_missing_pulumi_is_named(pulumi):
    pulumi(FileNotFoundError(2, "No such file"))
    with pytest.raises(NotRunnableError, match="pulumi"):
        engine.command()


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (automation.InvalidVersionError("too old"), "too old; install a newer one"),
        (subprocess.CalledProcessError(3, "pulumi"), "ends with status 3, see above"),
    ],
)
def test_a_pulumi_that_can_not_be_used_is_one_line(pulumi, problem, said):
    pulumi(problem)
    with pytest.raises(engine.PulumiRefusedError, match=said):
        engine.command()
