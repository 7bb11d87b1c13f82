"""The command `diff`: the objects and fields that the next `up` changes."""

import json
from functools import partial
from typing import Any

import jsonschema
import pytest

from operations import pulumi, stacks
from operations.diff import changes
from operations.diff.changes import field_changes
from operations.pull_request.manifests import NotRenderedError
from pi_mesh.cluster import helm_releases
from tests.support.command_line import REPORT_SCHEMA, run_command
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient
from tests.support.findings import case, table
from tests.support.helm_mesh import PREFIX, RELEASE, living
from tests.support.snapshots import installed_mesh, make_snapshot

run = partial(run_command, "diff", "-s", "test")
MAPS = "/api/v1/namespaces/istio-system/configmaps"


def config_map(name: str = "istio", kind: str = "ConfigMap", **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "istio-system"}, "data": data}


@table(
    case("a changed setting", {"a": "1"}, {"a": "2"}, {"a": "1"}, ["data.a: '1' becomes '2'"]),
    case("a new field", {}, {"a": "2"}, {}, ["data.a: becomes '2'"]),
    case("a field that the settings no longer have", {"a": "1"}, {}, {"a": "1"}, ["data.a: '1' goes"]),
    case("a field that was changed by hand", {"a": "1"}, {"a": "1"}, {"a": "9"}, ["data.a: '9' becomes '1' by hand"]),
    case("a field that somebody removed", {"a": "1"}, {"a": "1"}, {}, ["data.a: becomes '1' by hand"]),
    case("both at one field", {"a": "1"}, {"a": "2"}, {"a": "9"}, ["data.a: '9' becomes '2'"]),
    case("what others added stays", {}, {}, {"a": "1"}, []),
    case("what is so already", {"a": "1"}, {"a": "2"}, {"a": "2"}, []),
)
def test_a_field_changes_from_what_runs_to_what_the_settings_say(before, after, live, shown):
    rows = field_changes(config_map(**before), config_map(**after), config_map(**live))
    assert [f"{row.path}: {row.change}{' by hand' if row.manual else ''}" for row in rows] == shown


class Stack:
    """A stack whose istiod has one ConfigMap, and its next `up`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps: list[dict[str, Any]] = []
        self.applied, self.rendered = [config_map(mesh="old")], [config_map(mesh="new")]
        kinds = [{"kind": kind, "name": f"{kind.lower()}s", "namespaced": True} for kind in ("ConfigMap", "Secret")]
        self.client = FakeClient({"/api/v1": {"resources": kinds}, f"{MAPS}/istio": config_map(mesh="old")})
        monkeypatch.setattr(stacks, "load_with_cluster", lambda _: (make_settings(), make_snapshot(**installed_mesh())))
        monkeypatch.setattr(pulumi, "steps", lambda _: self.steps)
        monkeypatch.setattr(changes, "Client", self.client)
        monkeypatch.setattr(changes.manifests, "chart_objects", self._render)
        monkeypatch.setattr(helm_releases, "read", lambda *_: living("istiod", "istiod", objects=self.applied).applied)

    def _render(self, *_: object) -> list[dict[str, Any]]:
        if not self.rendered:
            raise NotRenderedError("helm is not on PATH")
        return self.rendered

    def changes(self, op: str, of: str = RELEASE, at: str = "istiod-release", **inputs: object) -> None:
        state = {"inputs": inputs or {"namespace": "istio-system", "name": "istiod", "chart": "istiod"}}
        sides = {"create": ("newState",), "delete": ("oldState",)}.get(op, ("oldState", "newState"))
        self.steps.append({"op": op, "urn": f"{PREFIX}{of}::{at}", **dict.fromkeys(sides, state)})


@pytest.fixture
def stack(monkeypatch) -> Stack:
    return Stack(monkeypatch)


def lines() -> list[str]:
    return run().output.splitlines()


def test_a_changed_release_shows_each_changed_object_with_its_fields(stack):
    stack.changes("update")
    stack.rendered.append(config_map("added"))
    assert lines()[:3] == [
        "~ ConfigMap istio-system/istio (release istio-system/istiod)",
        "    data.mesh: 'old' becomes 'new'",
        "+ ConfigMap istio-system/added (release istio-system/istiod)",
    ]


def test_an_object_that_the_chart_no_longer_has_goes(stack):
    stack.changes("update")
    stack.rendered = [config_map("other")]
    stack.client.answers[f"{MAPS}/other"] = config_map("other")
    assert lines()[0] == "- ConfigMap istio-system/istio (release istio-system/istiod)"


def test_a_deleted_release_takes_its_objects(stack):
    stack.changes("delete")
    assert lines()[0].startswith("- ConfigMap istio-system/istio")


def test_an_object_of_the_program_is_compared_with_what_runs(stack):
    stack.changes("update", "kubernetes:core/v1:ConfigMap", "own", **config_map(mesh="new"))
    stack.steps[0]["oldState"] = {"inputs": config_map(mesh="old")}
    assert lines()[:2] == ["~ ConfigMap istio-system/istio", "    data.mesh: 'old' becomes 'new'"]


def test_any_other_resource_is_named(stack):
    stack.changes("create", "vault:index/mount:Mount", "pki")
    assert lines()[0] == "+ vault:index/mount:Mount pki"


def test_no_value_of_a_secret_is_shown(stack):
    stack.changes("update")
    stack.applied, stack.rendered = ([config_map("key", "Secret", password=text)] for text in ("b2xk", "bmV3"))
    stack.client.answers["/api/v1/namespaces/istio-system/secrets/key"] = stack.applied[0]
    for shown in (run().output, run("--json").output):
        assert "data.password" in shown
        assert "b2xk" not in shown
        assert "bmV3" not in shown


def test_a_chart_that_can_not_be_rendered_is_an_error_and_the_rest_is_shown(stack):
    stack.changes("update")
    stack.changes("create", "vault:index/mount:Mount", "pki")
    stack.rendered = []
    outcome = run()
    assert outcome.exit_code == 1
    assert "was not compared: helm is not on PATH" in outcome.output
    assert "+ vault:index/mount:Mount pki" in outcome.output


def test_the_json_is_as_its_schema_says(stack):
    stack.changes("update")
    report = json.loads(run("--json").output)
    jsonschema.validate(report, REPORT_SCHEMA)
    assert report["changes"][0]["fields"][0]["target"] == "new"
