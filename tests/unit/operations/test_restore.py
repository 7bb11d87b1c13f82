"""`restore`: what it writes and in which order, and what it refuses before it writes."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import Result

from operations import backup_file, pulumi, restore
from pi_mesh.checks import observe, registry
from pi_mesh.checks.finding import CLUSTER, error
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster import client
from pi_mesh.cluster.stack_state import NEVER_RUN
from tests.support.authorities import make_ca
from tests.support.backups import RECIPIENT, key_file, make_backup, secret
from tests.support.command_line import run_command
from tests.support.factories import make_mesh, raw_settings
from tests.support.fake_client import FakeClient
from tests.support.snapshots import installed_mesh, make_pis, make_snapshot

HOME = "/api/v1/namespaces/istio-system"
CA = make_ca("root")
FILE = json.dumps({"config": {f"pi-mesh:{key}": value for key, value in raw_settings().items()}})
STACK = {"urn": "urn:pulumi:test::pi-mesh::pulumi:pulumi:Stack::test", "type": "pulumi:pulumi:Stack"}
MOUNT = {"urn": "urn:mount", "type": "vault:index/mount:Mount", "parent": STACK["urn"]}
LINKS = {"dependencies": ["urn:x"], "propertyDependencies": {"path": ["urn:x"]}, "deletedWith": "urn:x"}
NAMESPACE = {"urn": "urn:x", "type": "kubernetes:core/v1:Namespace"}
RESOURCES = [{**STACK, "outputs": {"cluster": {"uid": "old"}}}, NAMESPACE, {**MOUNT, **LINKS}]
STATE = {"version": 3, "deployment": {"resources": RESOURCES}}


@pytest.fixture
def boards(tmp_path, monkeypatch) -> SimpleNamespace:
    """Return new boards: their cluster, what preflight says of it, and Pulumi's commands in order."""
    there = SimpleNamespace(snapshot=make_snapshot(), client=FakeClient(), findings=[], did=[], state=None)
    monkeypatch.setattr(client, "Client", there.client)
    monkeypatch.setattr(observe, "observe", lambda *_: Observation(make_mesh(), there.snapshot, NEVER_RUN))
    monkeypatch.setattr(registry, "findings", lambda *_: there.findings)
    monkeypatch.setattr(pulumi, "has_stack", lambda _: there.state is not None)
    monkeypatch.setattr(pulumi, "export", lambda _: there.state)
    for name in ("init", "import_", "up"):
        monkeypatch.setattr(pulumi, name, lambda _, *given, name=name, **__: there.did.append((name, *given)))
    monkeypatch.chdir(tmp_path)
    return there


def run(*options: str, **changes: object) -> Result:
    backup = make_backup(**{"files": {"Pulumi.test.yaml": FILE}, "state": STATE, "secrets": (secret(CA),), **changes})
    Path("b.age").write_bytes(backup_file.encrypted(backup, RECIPIENT))
    return run_command("restore", "b.age", "-s", "test", "--identity", str(key_file(Path())), *options)


def test_the_ca_stands_before_istiod_could_make_another_root(boards):
    done = run("--yes")
    assert done.exit_code == 0, done.output
    assert boards.client.wrote == [("create", "/api/v1/namespaces"), ("create", f"{HOME}/secrets")]
    assert [name for name, *_ in boards.did] == ["init", "import_", "up"]
    assert Path("Pulumi.test.yaml").read_text() == FILE
    assert boards.client.bodies[0]["metadata"]["annotations"] == {"pi-mesh/stack": "pi-mesh/test"}


def test_the_state_keeps_what_is_outside_the_cluster_and_no_link_into_it():
    unlinked = {"dependencies": [], "propertyDependencies": {"path": []}, "deletedWith": ""}
    kept = restore.outside_the_cluster(STATE)["deployment"]["resources"]
    assert kept == [{**STACK, "outputs": {}}, {**MOUNT, **unlinked}]


def test_a_state_that_outlived_the_boards_is_used_instead_of_the_backups(boards):
    boards.state = {"version": 3, "deployment": {"resources": [{**STACK, "outputs": {"newer": True}}]}}
    run("--yes")
    assert boards.did[0] == ("import_", restore.outside_the_cluster(boards.state))


@pytest.mark.usefixtures("boards")
def test_a_file_that_is_there_is_kept_and_named():
    Path("Pulumi.test.yaml").write_text(f"{FILE}\n")
    done = run("--yes")
    assert "file Pulumi.test.yaml: is kept; it differs from the backup's" in done.output
    assert Path("Pulumi.test.yaml").read_text() == f"{FILE}\n"


def test_after_a_kill_it_goes_on_with_what_is_there(boards):
    boards.client.answers |= {HOME: {"metadata": {}}, f"{HOME}/secrets/istio-ca-secret": secret(CA)}
    done = run("--yes")
    assert (done.exit_code, boards.client.wrote) == (0, [])


@pytest.mark.parametrize("options", [("--dry-run",), ()], ids=["a dry run", "nobody says yes"])
def test_nothing_is_written_without_a_yes(boards, options):
    assert run(*options).exit_code == 0
    assert (boards.client.wrote, boards.did, Path("Pulumi.test.yaml").exists()) == ([], [], False)


LIVE, OTHER_BOARDS = make_snapshot(**installed_mesh()), make_snapshot(nodes=make_pis(architecture="riscv64"))
MESH = "has this mesh already, and a restore is for a cluster without one"
FITTING, FAULTY = secret(CA), secret(CA, key=make_ca("other").key)
OLD = error("kubernetes version", CLUSTER, "is 1.20", "take a newer one")


@pytest.mark.parametrize(("changes", "ca", "secrets", "said"), [
    pytest.param({"snapshot": LIVE}, None, FITTING, MESH, id="a mesh that lives"),
    pytest.param({}, make_ca("another"), FITTING, "is there with another CA than the backup's", id="another CA"),
    pytest.param({"snapshot": OTHER_BOARDS}, None, FITTING, "has riscv64 nodes; the backup is of arm64", id="boards"),
    pytest.param({"findings": [OLD]}, None, FITTING, "is 1.20", id="another version of Kubernetes"),
    pytest.param({}, None, FAULTY, "can't sign again: secret istio-system/istio-ca-secret: the key", id="a faulty CA"),
])  # fmt: skip
def test_it_refuses_before_it_writes(boards, changes, ca, secrets, said):
    vars(boards).update(changes)
    boards.client.answers[f"{HOME}/secrets/istio-ca-secret"] = ca and secret(ca)
    done = run("--yes", "--json", secrets=(secrets,))
    wrong = [finding["message"] for finding in json.loads(done.stdout)["findings"] if finding["level"] == "error"]
    assert (done.exit_code, [message.startswith(said) for message in wrong]) == (1, [True])
    assert (boards.client.wrote, boards.did, Path("Pulumi.test.yaml").exists()) == ([], [], False)


def test_a_new_stack_gets_the_secrets_provider_of_its_file(boards):
    run("--yes", files={"Pulumi.test.yaml": json.dumps({**json.loads(FILE), "secretsprovider": "awskms://alias/x"})})
    assert boards.did[0] == ("init", "awskms://alias/x")
