"""The report of every operation: `--json` prints what docs/operations.schema.json describes."""

import json
from contextlib import nullcontext
from datetime import UTC, datetime
from unittest.mock import Mock

import jsonschema
import pytest

from operations import stacks
from operations.failures import UsageError
from operations.proxies import rows
from operations.pulumi import PulumiFailed
from operations.refresh import restarts
from operations.rehearse import judgement
from operations.repair import observed_state, plan
from operations.repair.observed_state import ObservedState
from operations.rotate_ca import renewal
from operations.verify import certificate_issuer, verification
from pi_mesh.checks import observe
from pi_mesh.checks.finding import Subject, ok, warning
from pi_mesh.checks.verify import clock, configuration_analysis, running_proxies
from pi_mesh.cluster import snapshot
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.helm_releases import ReleaseRecord
from pi_mesh.cluster.proxies import Proxies
from pi_mesh.cluster.stack_state import NEVER_RUN
from pi_mesh.settings import SettingsError
from tests.support.command_line import REPORT_SCHEMA, run_command
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient
from tests.support.healthy_mesh import in_cluster, make_verification
from tests.support.snapshots import STACK, make_pis, make_snapshot
from tests.support.versions import NEWEST

STUCK = ReleaseRecord("istio-system", "istiod", 1, "pending-install", datetime(2026, 1, 1, tzinfo=UTC))
OPERATIONS = {
    "preflight": "`pulumi up` would be refused",
    "verify": "the mesh is as the settings say",
    "repair": "something is left to repair",
    "budget": "the budget was calculated",
    "rotate-ca": "the mesh's CA was not rotated, or its rotation is not proven",
    "proxies": "no proxy has a problem",
    "refresh": "nothing is left to restart except the workloads in the list",
    "rehearse": "no tried node has a problem with the proxy",
}
"""The verdict of each operation on the stack below."""
CONFLICT = "trading.namespace and istio.namespace are both 'x'; they must differ"


@pytest.fixture
def stack(monkeypatch):
    """Prepare a stack whose operations all succeed, each with findings."""

    def answer(module: object, name: str, result: object) -> None:
        monkeypatch.setattr(module, name, lambda *_, **__: result)

    settings = make_settings(vault={"enabled": True, "address": "https://vault.example"})
    answer(stacks, "load", settings)
    answer(stacks, "load_any", settings)
    answer(stacks, "load_with_state", (settings, lambda: NEVER_RUN))
    answer(snapshot, "read", make_snapshot(nodes=make_pis(2, memory=1280)))
    answer(rows.reader, "read", Proxies(NEWEST, ()))
    answer(rows.stale_proxies, "read", {})
    monkeypatch.setattr(restarts, "Client", FakeClient())
    answer(observe, "_of_verification", make_verification())
    answer(certificate_issuer, "check", [ok("x", Subject("pod", "a/b"), "is well", number=0.5)])
    for check in (clock, running_proxies):
        answer(check, "check", [])
    answer(configuration_analysis, "check", [warning("y", Subject("cluster"), "is odd", "look")])
    answer(verification.kubelet, "running_window", nullcontext(None))
    answer(judgement, "rehearse_on_nodes", [ok("envoy", Subject("node", "pi-1"), "serves")])
    now = ObservedState(STACK, settings, make_snapshot(releases=(STUCK,)), {"deployment": {}}, locks_known=False)
    answer(observed_state, "read", now)
    answer(plan, "carry_out", [step.finding(done=True) for step in plan.repair_steps(now)])
    answer(renewal.pulumi, "pending", {})
    answer(renewal, "with_proof", [ok("pulumi up", Subject("stack", STACK), "is done")])


def valid(operation: str, *more: str) -> dict:
    """Return the output of the operation with --json, valid by the schema, with the exit status as its status."""
    done = run_command(operation, "-s", STACK, "--json", *more)
    content = json.loads(done.stdout)
    jsonschema.Draft202012Validator(REPORT_SCHEMA).validate(content)
    assert (content["operation"], content["stack"], content["status"]) == (operation, STACK, done.exit_code)
    return content


def test_the_schema_describes_every_field_of_a_finding():
    fields = REPORT_SCHEMA["$defs"]["Finding"]["properties"]
    assert [name for name, field in fields.items() if "$ref" in field] == ["level"]
    assert all("description" in field for field in fields.values())


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize(("operation", "verdict"), OPERATIONS.items())
def test_what_an_operation_prints_is_valid_and_ends_with_a_sentence(operation, verdict):
    content = valid(operation)
    assert sum(content["totals"].values()) == len(content["findings"]) > 0
    assert content["verdict"] == f"stack test: {verdict}"


@pytest.mark.usefixtures("stack")
def test_a_report_with_a_field_more_is_not_valid():
    with pytest.raises(jsonschema.ValidationError, match="more"):
        jsonschema.validate({**valid("budget"), "more": 1}, REPORT_SCHEMA)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(("problem", "status", "finding"), [
    (SettingsError(["istio.version: is required"]), 2, ("setting", "istio.version", "is required")),
    (SettingsError([CONFLICT]), 2, ("setting", "", CONFLICT)),
    (ClusterUnreachable("no answer"), 3, ("cluster", "", "no answer")),
    (PulumiFailed("pulumi whoami", "failed: no", "log in"), 2, ("command", "pulumi whoami", "failed: no")),
    (UsageError(STACK, "makes no CA", "look"), 2, ("stack", STACK, "makes no CA")),
], ids=["settings", "conflict", "cluster", "pulumi", "usage"])  # fmt: skip
def test_an_expected_error_is_a_report_too(monkeypatch, operation, problem, status, finding):
    monkeypatch.setattr(stacks, "_values", Mock(side_effect=problem))
    content = valid(operation)
    (said,) = content["findings"]
    assert (content["status"], content["totals"]["error"]) == (status, 1)
    assert (said["kind"], said["name"], said["message"]) == finding


def test_each_problem_of_the_settings_is_a_line_and_a_finding_of_its_own(monkeypatch):
    problem = SettingsError(["istio.version: is required", "ingres: is not a setting"])
    monkeypatch.setattr(stacks, "_values", Mock(side_effect=problem))
    assert [finding["name"] for finding in valid("verify")["findings"]] == ["istio.version", "ingres"]
    done = run_command("verify", "-s", STACK)
    assert done.stderr == "error: istio.version: is required\nerror: ingres: is not a setting\n"


@pytest.mark.usefixtures("stack")
def test_repair_says_of_each_step_what_was_found_and_what_is_to_be_done_or_was_done():
    unsure, step = valid("repair")["findings"]
    assert (unsure["level"], step["level"]) == ("unknown", "error")
    assert (step["kind"], step["name"]) == ("release", "istio-system/istiod")
    assert (step["message"], step["fix"]) == ("is stuck in pending-install, revision 1", plan.Act.FORGET.value)
    content = valid("repair", "--yes")
    assert (content["status"], content["findings"][-1]["fix"]) == (0, f"done: {plan.Act.FORGET.value}")


@pytest.mark.usefixtures("stack")
def test_the_budget_is_in_numbers_by_component_and_by_node_with_what_the_mesh_still_takes():
    budget = valid("budget")["budget"]
    istiod = budget["components"][0]
    assert (istiod["component"], istiod["requests"]) == ("istiod", {"cpu": 100, "memory": 128 * 2**20})
    assert [(node["node"], node["sidecars"]) for node in budget["nodes"]] == [("pi-1", 10), ("pi-2", 10)]
    assert (budget["trading"]["pods"], budget["trading"]["requests"]["cpu"]) == (30, 3000)
    assert (budget["sidecars"], budget["waiting"], budget["remaining"]) == (20, 3, 17)


@pytest.mark.usefixtures("stack")
def test_a_mesh_that_is_not_installed_is_one_finding_and_status_1(monkeypatch):
    absent = in_cluster(make_verification(), releases=(), deployments=())
    monkeypatch.setattr(observe, "_of_verification", lambda *_, **__: absent)
    content = valid("verify")
    assert (content["status"], len(content["findings"])) == (1, 1)
