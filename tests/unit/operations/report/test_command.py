"""`report`: one archive, from a mesh that works and from nothing at all, and no secret in it."""

import json
import tarfile
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from operations import pulumi, stacks
from operations.__main__ import app
from operations.pulumi import PulumiFailed
from operations.report import contents, redaction
from operations.report.contents import Answer
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.stack_state import NEVER_RUN
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient

SECRETS = ("of-this-shell", "of-the-kubeconfig", "of-the-cluster", "hvs.MadeUpMadeUpMadeUpMadeUp", "of-helm-values")
FINDING = {"message": f"the token {SECRETS[3]} is refused"}


def answered(answer: Answer) -> Future[Answer]:
    future: Future[Answer] = Future()
    future.set_result(answer)
    return future


@pytest.fixture
def cluster(monkeypatch, tmp_path) -> FakeClient:
    """Return the stack's cluster, in which every place that a report looks at holds a secret."""
    settings = {"objectValue": {"version": "1.31.0", "values": {"x": SECRETS[4]}}}
    answers = [Answer("verify", {"findings": [FINDING]}), Answer("proxies", errors=f"Traceback\nError: {SECRETS[0]}")]

    @contextmanager
    def running(_):
        yield [answered(answer) for answer in answers]

    events = [{"involvedObject": {}, "message": f"pull with {SECRETS[2]} failed"}]
    client = FakeClient(
        {
            "/api/v1/namespaces/istio-system/secrets": {"items": [{"data": {"key": "b2YtdGhlLWNsdXN0ZXI="}}]},
            "/api/v1/namespaces/istio-system/events": {"items": events},
        }
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VAULT_TOKEN", SECRETS[0])
    monkeypatch.setattr(redaction, "kubeconfig_secrets", lambda _: [SECRETS[1]])
    monkeypatch.setattr(contents, "running_commands", running)
    monkeypatch.setattr(contents, "local_versions", lambda: {"pi-mesh": f"0 {SECRETS[1]}"})
    monkeypatch.setattr(pulumi, "config", lambda _: {"pi-mesh:istio": settings})
    monkeypatch.setattr(stacks, "load_with_state", lambda _: (make_settings(), lambda: NEVER_RUN))
    monkeypatch.setattr(contents, "Client", client)
    return client


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["report", "-s", "org/pi-mesh/test", *arguments])


def read(archive: Path) -> dict[str, str]:
    with tarfile.open(archive) as tar:
        return {name.partition("/")[2]: tar.extractfile(name).read().decode() for name in tar.getnames()}  # type: ignore[union-attr]


@pytest.mark.usefixtures("cluster")
def test_the_archive_holds_everything_and_no_secret(tmp_path):
    done = run()
    (archive,) = tmp_path.glob("pi-mesh-report-test-*Z.tar.gz")
    files = read(archive)
    assert done.exit_code == 0
    assert sorted(files) == [
        "README.txt",
        "events.json",
        "pods.json",
        "proxies.errors.txt",
        "settings.json",
        "verify.json",
        "versions.json",
    ]
    assert [secret for secret in SECRETS if any(secret in text for text in files.values())] == []
    assert "proxies.json: is not in the archive: Error: [removed]" in " ".join(files["README.txt"].split())
    assert "5 places had a secret" in files["README.txt"]
    assert json.loads(files["verify.json"])["findings"] == [{"message": "the token [removed] is refused"}]


@pytest.mark.usefixtures("cluster")
def test_what_is_printed_has_no_secret_either():
    done = run()
    assert "`verify`: done" in done.stdout
    assert "`proxies`: no answer" in done.stdout
    assert [secret for secret in SECRETS if secret in done.output] == []


@pytest.mark.usefixtures("cluster")
def test_json_names_the_archive_and_its_files(tmp_path):
    report = json.loads(run("--json", "--output", str(tmp_path / "mine.tar.gz")).stdout)
    assert report["archive"]["path"] == str(tmp_path / "mine.tar.gz")
    assert report["archive"]["bytes"] == (tmp_path / "mine.tar.gz").stat().st_size
    assert report["archive"]["files"][0] == "README.txt"
    assert (report["status"], report["totals"]["unknown"]) == (0, 1)


def test_without_pulumi_and_without_a_cluster_there_is_still_an_archive(cluster, monkeypatch, tmp_path):
    def failing(_):
        raise PulumiFailed("pulumi config", "no stack", "make one")

    monkeypatch.setattr(pulumi, "config", failing)
    monkeypatch.setattr(stacks, "load_with_state", lambda _: (_ for _ in ()).throw(ClusterUnreachable("no answer")))
    done = run("--output", str(tmp_path / "a"))
    assert done.exit_code == 0
    about = " ".join(read(tmp_path / "a")["README.txt"].split())
    assert "settings.json: is not in the archive: " in about
    assert "the state of the cluster: is not in the archive: no answer" in about
    assert cluster.got == []


@pytest.mark.usefixtures("cluster")
def test_another_file_is_never_overwritten(tmp_path):
    (tmp_path / "a").write_text("mine")
    done = run("--output", str(tmp_path / "a"))
    assert (done.exit_code, (tmp_path / "a").read_text()) == (2, "mine")
    assert "exists already" in done.stderr


@pytest.mark.usefixtures("cluster")
def test_a_folder_that_is_not_there_is_one_line(tmp_path):
    done = run("--output", str(tmp_path / "no" / "a"))
    assert done.exit_code == 2
    assert "can't be written: No such file or directory" in done.stderr


@pytest.mark.usefixtures("cluster")
def test_what_the_archive_has_no_room_for_is_a_warning(monkeypatch):
    monkeypatch.setattr(redaction, "LARGEST_ARCHIVE", 60)
    report = json.loads(run("--json").stdout)
    assert "use fewer --lines" in {finding["fix"] for finding in report["findings"]}


@pytest.mark.parametrize(("size", "shown"), [(1, "1 KiB"), (2048, "2 KiB"), (2049, "3 KiB")])
@pytest.mark.usefixtures("cluster")
def test_the_size_of_the_archive_is_rounded_up(monkeypatch, size, shown):
    monkeypatch.setattr(redaction, "write_archive", lambda *_: size)
    assert f"files, {shown}; read it before you publish it" in " ".join(run().output.split())


def test_a_file_that_has_no_room_is_told_with_the_room_there_is():
    assert contents._left_out("pods.json").message == "was left out: the archive holds 4 MiB"
