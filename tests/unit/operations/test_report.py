"""`report`: one archive, from a mesh that works and from nothing at all, and no secret in it."""

import json
import tarfile
from functools import partial
from pathlib import Path
from unittest.mock import Mock

import pytest

from operations import pulumi, stacks
from operations.pulumi import PulumiFailed
from operations.report import contents, redaction
from operations.report.redaction import ArchiveFile
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.stack_state import NEVER_RUN
from tests.support.command_line import run_command
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient
from tests.support.versions import NEWEST

run = partial(run_command, "report", "-s", "org/pi-mesh/test")
SHELL, KUBECONFIG, CLUSTER, VALUES = "of-this-shell", "of-the-kubeconfig", "of-the-cluster", "of-helm-values"
SECRETS = (SHELL, KUBECONFIG, CLUSTER, VALUES, TOKEN := "hvs.MadeUpMadeUpMadeUpMadeUp")
CRASHED = ArchiveFile("proxies.errors.txt", f"Traceback\nError: {SHELL}")
ANSWERS = {
    "verify": [ArchiveFile("verify.json", {"findings": [{"message": f"the token {TOKEN} is refused"}]})],
    "proxies": [contents._lacking("proxies.json", f"Error: {SHELL}"), CRASHED],
}
DOCUMENTS = ("events", "pods", "settings", "verify", "versions")
FILES = sorted(["README.txt", "proxies.errors.txt", *(f"{name}.json" for name in DOCUMENTS)])


@pytest.fixture(autouse=True)
def cluster(monkeypatch, tmp_path) -> FakeClient:
    """Return the stack's cluster, in which every place that a report looks at holds a secret."""

    events = [{"involvedObject": {}, "message": f"pull with {CLUSTER} failed"}]
    home = "/api/v1/namespaces/istio-system"
    secrets = {"items": [{"data": {"key": "b2YtdGhlLWNsdXN0ZXI="}}]}
    client = FakeClient({f"{home}/secrets": secrets, f"{home}/events": {"items": events}})
    settings = {"objectValue": {"version": NEWEST, "values": {"x": VALUES}}}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VAULT_TOKEN", SHELL)
    monkeypatch.setattr(redaction, "kubeconfig_secrets", lambda _: [KUBECONFIG])
    monkeypatch.setattr(contents, "OWN_COMMANDS", tuple(ANSWERS))
    monkeypatch.setattr(contents, "answer_files", lambda command, _: ANSWERS[command])
    monkeypatch.setattr(contents, "local_versions", lambda: {"pi-mesh": f"0 {KUBECONFIG}"})
    monkeypatch.setattr(pulumi, "config", lambda _: {"pi-mesh:istio": settings})
    monkeypatch.setattr(stacks, "load_with_state", lambda _: (make_settings(), lambda: NEVER_RUN))
    monkeypatch.setattr(contents, "Client", client)
    return client


def read(archive: Path) -> dict[str, str]:
    with tarfile.open(archive) as tar:
        files = {name.partition("/")[2]: tar.extractfile(name) for name in tar.getnames()}
        return {name: " ".join(file.read().decode().split()) for name, file in files.items() if file}


def test_the_archive_holds_everything_and_neither_it_nor_the_output_has_a_secret(tmp_path):
    done = run()
    (archive,) = tmp_path.glob("pi-mesh-report-test-*Z.tar.gz")
    files = read(archive)
    assert (done.exit_code, sorted(files)) == (0, FILES)
    assert [secret for secret in SECRETS if any(secret in text for text in (*files.values(), done.output))] == []
    assert "proxies.json: is not in the archive: Error: [removed]" in files["README.txt"]
    assert "5 places had a secret" in files["README.txt"]
    assert json.loads(files["verify.json"])["findings"] == [{"message": "the token [removed] is refused"}]
    assert "`verify`: done" in done.stdout
    assert "`proxies`: no answer" in done.stdout


def test_json_names_the_archive_and_its_files(tmp_path):
    path = tmp_path / "mine.tar.gz"
    report = json.loads(run("--json", "--output", str(path)).stdout)
    archive = report["archive"]
    assert (archive["path"], archive["bytes"]) == (str(path), path.stat().st_size)
    assert (archive["files"][0], sorted(archive["files"])) == ("README.txt", FILES)
    assert (report["status"], report["totals"]["unknown"]) == (0, 1)


def test_without_pulumi_and_without_a_cluster_there_is_still_an_archive(cluster, monkeypatch, tmp_path):
    monkeypatch.setattr(pulumi, "config", Mock(side_effect=PulumiFailed("pulumi config", "no stack", "make one")))
    monkeypatch.setattr(stacks, "load_with_state", Mock(side_effect=ClusterUnreachable("no answer")))
    assert run("--output", str(tmp_path / "a")).exit_code == 0
    about = read(tmp_path / "a")["README.txt"]
    assert "settings.json: is not in the archive: " in about
    assert "the state of the cluster: is not in the archive: no answer" in about
    assert cluster.got == []


@pytest.mark.parametrize(("path", "says"), [("a", "exists already"), ("no/a", "can't be written: No such file")])
def test_an_archive_that_can_not_be_written_is_one_line(tmp_path, path, says):
    (tmp_path / "a").write_text("mine")
    done = run("--output", str(tmp_path / path))
    assert (done.exit_code, (tmp_path / "a").read_text()) == (2, "mine")
    assert says in done.stderr


@pytest.mark.parametrize(("size", "shown"), [(1, "1 KiB"), (2048, "2 KiB"), (2049, "3 KiB")])
def test_the_size_of_the_archive_is_rounded_up(monkeypatch, size, shown):
    monkeypatch.setattr(redaction, "write_archive", lambda *_: size)
    assert f"files, {shown}; read it before you publish it" in " ".join(run().output.split())
