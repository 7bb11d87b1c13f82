"""The archive of a bug report, and every secret of the lab."""

import base64
import json
import tarfile
from pathlib import Path

import pytest

from lab.cluster import vault
from lab.cluster.environment import PASSPHRASE_TEXT
from lab.cluster.kubectl import get, kubectl
from operations.bug_report.known_secrets import SHORTEST_LINE
from tests.live.vault.mesh import CONTROL, TRADING, VaultMesh

PASSWORD = "made-up-registry-password"
WEB_TOKEN = "eyJhbGciOiJub25l.eyJzdWIiOiJtYWRlLXVw.bWFkZS11cC1tYWRlLXVw"
ALIVE = {"preflight.json", "verify.json", "proxies.json", "budget.json", "pods.json", "events.json", "versions.json"}
NO_SECRET = ("namespace", "username")


@pytest.fixture
def planted(vault_mesh: VaultMesh):  # noqa: ARG001 - first the mesh
    """Put a registry's login, an event and a refused object with secrets in them into the mesh's namespaces."""
    login = json.dumps({"auths": {"registry.example.com": {"username": "robot", "password": PASSWORD}}})
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/dockerconfigjson",
        "metadata": {"name": "planted", "namespace": CONTROL},
        "stringData": {".dockerconfigjson": login},
    }
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "planted", "namespace": CONTROL},
        "involvedObject": {"kind": "Namespace", "name": CONTROL, "namespace": CONTROL},
        "reason": "Planted",
        "message": f"pulling with {PASSWORD} and {WEB_TOKEN}",
        "type": "Warning",
    }
    kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": [secret, event]}))
    yield
    kubectl("delete", "secret,event", "planted", f"--namespace={CONTROL}")


def secrets_of_the_lab(vault_mesh: VaultMesh) -> set[str]:
    """Return Vault's tokens and keys, the passphrase, the kubeconfig's key, and what is in the mesh's Secrets."""
    keys = json.loads(vault.KEYS.read_text())
    user = json.loads(kubectl("config", "view", "--raw", "-o", "json"))["users"][0]["user"]
    found = {keys["root_token"], *keys["keys"], vault_mesh.more["VAULT_TOKEN"], PASSPHRASE_TEXT, PASSWORD, WEB_TOKEN}
    found |= {value for key, value in user.items() if key in ("token", "client-key-data")}
    for namespace in (CONTROL, TRADING):
        for secret in get("secrets", f"--namespace={namespace}")["items"]:
            for key, packed in (secret.get("data") or {}).items():
                text = base64.b64decode(packed).decode(errors="ignore")
                if key not in NO_SECRET:
                    found |= {packed, text, *(line for line in text.splitlines() if len(line) >= SHORTEST_LINE)}
    return {one for one in found if one and not one.startswith("-----")}


def read(archive: Path) -> dict[str, str]:
    """Return the text of each file."""
    with tarfile.open(archive) as tar:
        files = {name.partition("/")[2]: tar.extractfile(name) for name in tar.getnames()}
        return {name: file.read().decode() for name, file in files.items() if file}


@pytest.mark.usefixtures("planted")
def test_it_holds_what_a_bug_report_needs_and_no_secret_of_the_lab(vault_mesh: VaultMesh, tmp_path, figure):
    secrets = secrets_of_the_lab(vault_mesh)
    vault_mesh.operation("report", "--output", str(tmp_path / "a.tar.gz")).must()
    files, size = read(tmp_path / "a.tar.gz"), (tmp_path / "a.tar.gz").stat().st_size
    assert files.keys() >= ALIVE
    assert "Planted" in files["events.json"]
    assert [name for name in files if name.startswith("logs/istio-system/istiod-")]
    assert {name: json.loads(files[name])["status"] for name in ("preflight.json", "verify.json", "proxies.json")} == {
        "preflight.json": 0,
        "verify.json": 0,
        "proxies.json": 0,
    }
    leaked = {(name, secret[:9]) for secret in secrets for name, text in files.items() if secret in text}
    assert leaked == set()
    assert size < 1_000_000
    figure(f"{len(files)} files, {-(-size // 1024)} KiB; none of {len(secrets)} secrets in it")
