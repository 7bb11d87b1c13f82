"""`backup`: what is in the file, and the comparison of an old one with the mesh."""

import json
import stat
from functools import partial
from pathlib import Path
from unittest.mock import Mock

import pytest

from operations import backup_file, pulumi, stacks
from pi_mesh.cluster import client
from pi_mesh.cluster.errors import ClusterUnreachable
from tests.support.authorities import make_ca
from tests.support.backups import RECIPIENT, STATE, key_file, make_backup, secret
from tests.support.command_line import run_command
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient
from tests.support.snapshots import make_snapshot

CA = make_ca("root")
run = partial(run_command, "backup", "-s", "test", "--json")
HOME = "/api/v1/namespaces/istio-system"


@pytest.fixture(autouse=True)
def cluster(tmp_path, monkeypatch) -> FakeClient:
    """Return the cluster of a stack whose istiod made its own root; the project's folder is an empty one."""
    roots = {"data": {"root-cert.pem": CA.pem}}
    fake = FakeClient({f"{HOME}/secrets/istio-ca-secret": secret(CA), f"{HOME}/configmaps/istio-ca-root-cert": roots})
    monkeypatch.setattr(client, "Client", fake)
    monkeypatch.setattr(stacks, "load_with_cluster", lambda _: (make_settings(), make_snapshot()))
    monkeypatch.setattr(pulumi, "export", lambda _: STATE)
    monkeypatch.chdir(tmp_path)
    return fake


def written(path: str = "out.age") -> backup_file.Backup:
    done = run("--output", path, "--recipient", RECIPIENT)
    assert done.exit_code == 0, done.output
    return backup_file.read(Path(path), "test", key_file(Path()))


def test_it_has_the_ca_the_roots_the_state_and_the_projects_files_of_this_stack():
    Path("policies/config").mkdir(parents=True)
    for name in ("Pulumi.test.yaml", "Pulumi.other.yaml", "charts.lock.yaml", "policies/config/test.json"):
        Path(name).write_text(name)
    backup = written()
    assert list(backup.files) == ["Pulumi.test.yaml", "charts.lock.yaml", "policies/config/test.json"]
    assert (backup.state, backup.roots, backup.architectures) == (STATE, CA.pem, ("arm64",))
    # Without what only the old cluster gave it.
    assert [each["metadata"] for each in backup.secrets] == [{"name": "istio-ca-secret", "namespace": "istio-system"}]


def test_the_secret_of_a_key_that_went_to_vault_is_empty_and_left_out(cluster):
    cluster.answers[f"{HOME}/secrets/cacerts"] = {"type": "Opaque", "metadata": {"name": "cacerts"}}
    assert [each["metadata"]["name"] for each in written().secrets] == ["istio-ca-secret"]


def test_the_file_is_its_owners_alone_and_one_that_is_there_is_not_overwritten():
    written()
    assert stat.S_IMODE(Path("out.age").stat().st_mode) == 0o600
    Path("out.age").write_text("precious")
    done = run("--output", "out.age", "--recipient", RECIPIENT)
    assert (done.exit_code, Path("out.age").read_text()) == (2, "precious")


def check() -> list[str]:
    findings = json.loads(run("--check", "out.age", "--identity", str(key_file(Path()))).stdout)["findings"]
    return [f"{finding['level']} {finding['message']}" for finding in findings]


def test_a_checked_file_is_compared_with_the_mesh(cluster):
    written()
    assert check()[-1] == "ok has the roots that the mesh trusts now"
    cluster.answers[f"{HOME}/configmaps/istio-ca-root-cert"] = {"data": {"root-cert.pem": make_ca("new").pem}}
    assert check()[-1] == "warning has other roots than the mesh trusts now"


def test_a_file_is_checked_without_its_cluster_too(monkeypatch):
    written()
    monkeypatch.setattr(stacks, "load_with_cluster", Mock(side_effect=ClusterUnreachable("no route to host")))
    assert check()[-1] == "unknown is not compared with the mesh: no route to host"


def test_a_file_with_a_faulty_ca_fails_the_check():
    broken = make_backup(secrets=(secret(CA, key=make_ca("other").key),))
    Path("out.age").write_bytes(backup_file.encrypted(broken, RECIPIENT))
    assert run("--check", "out.age", "--identity", str(key_file(Path()))).exit_code == 1
