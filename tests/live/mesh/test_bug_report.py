"""The archive of a bug report, and every secret of the lab."""

import base64
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.cluster.environment import PASSPHRASE_TEXT
from lab.cluster.kubectl import get, kubectl
from lab.cluster.shell import LabError
from lab.cluster.waiting import wait_until
from lab.workloads import CONTROL, TRADING, apply
from operations.report.redaction import SHORTEST_LINE
from tests.support.project import Project

PASSWORD, OF_THIS_SHELL = "made-up-registry-password", "made-up-access-token"
TOKEN = f"ghp_{'MadeUp' * 6}"
WEB_TOKEN = "eyJhbGciOiJub25l.eyJzdWIiOiJtYWRlLXVw.bWFkZS11cC1tYWRlLXVw"
NEEDED = {"preflight.json", "verify.json", "proxies.json", "budget.json", "pods.json", "events.json", "versions.json"}
NO_SECRET = ("namespace", "username")


def of_control(kind: str, **more: object) -> dict:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "planted", "namespace": CONTROL}, **more}


@pytest.fixture
def planted(mesh: Project) -> Iterator[None]:
    """Put secrets into a Secret, an event, istiod's log and the command's shell."""
    login = json.dumps({"auths": {"registry.example.com": {"username": "robot", "password": PASSWORD}}})
    secret = of_control("Secret", type="kubernetes.io/dockerconfigjson", stringData={".dockerconfigjson": login})
    about = {"kind": "Namespace", "name": CONTROL, "namespace": CONTROL}
    said = f"pulling with {PASSWORD}, {WEB_TOKEN} and {OF_THIS_SHELL}"
    event = of_control("Event", involvedObject=about, reason="Planted", message=said, type="Warning")
    apply([secret, event])
    invalid = of_control(
        "VirtualService", spec={"hosts": [TOKEN], "http": [{"route": [{"destination": {"host": "x"}}]}]}
    )
    with pytest.raises(LabError, match="MadeUp"):
        apply([{**invalid, "apiVersion": "networking.istio.io/v1"}])
    with mesh.with_variables(PULUMI_ACCESS_TOKEN=OF_THIS_SHELL):
        yield
    kubectl("delete", "secret,event", "planted", f"--namespace={CONTROL}")


def secrets_of_the_lab() -> set[str]:
    """Return the planted secrets, the passphrase, the kubeconfig's key, and what is in the mesh's Secrets."""
    user = json.loads(kubectl("config", "view", "--raw", "-o", "json"))["users"][0]["user"]
    secrets = {PASSPHRASE_TEXT, PASSWORD, OF_THIS_SHELL, TOKEN, WEB_TOKEN}
    secrets |= {value for key, value in user.items() if key in ("token", "client-key-data")}
    for namespace in (CONTROL, TRADING):
        for secret in get("secrets", f"--namespace={namespace}")["items"]:
            for key, packed in (secret.get("data") or {}).items():
                text = base64.b64decode(packed).decode(errors="ignore")
                if key not in NO_SECRET:
                    secrets |= {packed, text, *(line for line in text.splitlines() if len(line) >= SHORTEST_LINE)}
    return {text for text in secrets if text and not text.startswith("-----")}


def read(archive: Path) -> dict[str, str]:
    """Return the text of each file."""
    with tarfile.open(archive) as tar:
        files = {name.partition("/")[2]: tar.extractfile(name) for name in tar.getnames()}
        return {name: file.read().decode() for name, file in files.items() if file}


@pytest.mark.usefixtures("planted")
def test_it_holds_what_a_bug_report_needs_and_no_secret_of_the_lab(mesh, tmp_path, figure):
    assert TOKEN in kubectl("logs", "deployment/istiod", f"--namespace={CONTROL}")
    secrets = secrets_of_the_lab()
    # A proxy may take half a minute to come back to an istiod that another test restarted.
    wait_until("proxies that are all connected", lambda: mesh.operation("proxies").status == 0, 120)
    mesh.operation("report", "--output", str(tmp_path / "a.tar.gz")).must()
    files, size = read(tmp_path / "a.tar.gz"), (tmp_path / "a.tar.gz").stat().st_size
    assert files.keys() >= NEEDED
    assert "Planted" in files["events.json"]
    for container in ("istiod", "istio-ingressgateway", "istio-egressgateway"):
        assert any(name.startswith(f"logs/{CONTROL}/{container}-") for name in files)
    asked = ("preflight", "verify", "proxies", "budget")
    assert [json.loads(files[f"{name}.json"])["status"] for name in asked] == [0, 0, 0, 0]
    leaked = {(name, secret[:9]) for secret in secrets for name, text in files.items() if secret in text}
    assert leaked == set()
    assert size < 1_000_000
    unpacked = sum(map(len, files.values()))
    figure(f"{len(files)} files, {unpacked // 1024} KiB, packed {size // 1024} KiB; none of {len(secrets)} secrets")
