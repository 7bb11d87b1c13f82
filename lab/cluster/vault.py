"""A real Vault server that is started on demand, initialised and unsealed, and reached on 127.0.0.1."""

import json
from pathlib import Path
from typing import Any

import hvac
import hvac.exceptions
import requests

from lab.cluster import binaries, enter, environment, forward, process, pulumi_plugins, records
from lab.cluster.machines import CONTROL_PLANE
from lab.cluster.names import LAB
from lab.cluster.shell import LabError, print_progress
from lab.toolchain import programs

SERVER = "vault"
PORT = 8200
KEYS = LAB / "vault.json"  # only root reads it; gone with the lab


def up() -> None:
    """Start Vault unsealed, with Pulumi's plugin for it; build it first if needed. Unseal one that runs."""
    if not records.is_alive(SERVER):
        programs.ensure([SERVER])
        binaries.link(SERVER, programs.program(SERVER))
        pulumi_plugins.install_vault(environment.PULUMI_HOME)
        _start()
    client = connect()
    process.wait(SERVER, lambda: _answers(client))
    if not client.sys.is_initialized():
        keys = client.sys.initialize(secret_shares=1, secret_threshold=1)
        KEYS.touch(mode=0o600)
        KEYS.write_text(json.dumps(keys))
    unseal()
    environment.write(VAULT_ADDR=address(), VAULT_TOKEN=root_token())
    print_progress(f"Vault is up on {address()}; to use it: . .lab/env")


def power_on() -> None:
    """Start a Vault that lost its power with the boards; it is sealed."""
    if KEYS.exists() and not records.is_alive(SERVER):
        _start()
        client = connect()
        process.wait(SERVER, lambda: _answers(client))


def down() -> None:
    """Stop Vault. Its data stay until the lab goes; `up` brings it back as it was."""
    process.stop(SERVER)
    print_progress("Vault is down")


def seal() -> None:
    """Seal Vault, as a power cut does."""
    connect().sys.seal()


def unseal() -> None:
    """Unseal Vault, and wait until it leads its one-node cluster: before, it refuses every request."""
    client = connect()
    client.sys.submit_unseal_key(_keys()["keys"][0])
    process.wait(SERVER, lambda: client.sys.read_health_status().status_code == requests.codes.ok)


def address() -> str:
    """Return the URL of the server (also of one that is down); raises LabError when it was never started."""
    port = records.find_port(SERVER)
    if port is None:
        raise LabError("Vault was never started in this lab: python -m lab vault up")
    return f"http://127.0.0.1:{port}"


def root_token() -> str:
    """Return the root token, which may do everything."""
    return _keys()["root_token"]


def connect(token: str | None = None) -> hvac.Client:
    """Return a client with this token; without one, with the root token if there is one."""
    return hvac.Client(url=address(), token=token or (root_token() if KEYS.exists() else None), timeout=10)


def _start() -> None:
    folder = CONTROL_PLANE.folder / SERVER
    (folder / "data").mkdir(parents=True, exist_ok=True)
    configuration = folder / "vault.json"
    configuration.write_text(json.dumps(_configuration(folder / "data")))
    command = (binaries.program(SERVER), "server", f"-config={configuration}")
    process.start(SERVER, enter.network(CONTROL_PLANE, *command))
    if not records.is_alive(f"forward-{SERVER}"):
        forward.start(SERVER, f"{CONTROL_PLANE.address}:{PORT}")


def _configuration(data: Path) -> dict[str, Any]:
    return {
        "listener": {"tcp": {"address": f"{CONTROL_PLANE.address}:{PORT}", "tls_disable": True}},
        # A single node need not wait five to ten seconds for another leader.
        "storage": {"raft": {"path": str(data), "node_id": SERVER, "performance_multiplier": 1}},
        "api_addr": f"http://{CONTROL_PLANE.address}:{PORT}",
        "cluster_addr": f"http://{CONTROL_PLANE.address}:{PORT + 1}",
        "disable_mlock": True,
    }


def _answers(client: hvac.Client) -> bool:
    try:
        client.sys.read_seal_status()
    except (requests.RequestException, hvac.exceptions.VaultError):
        return False
    return True


def _keys() -> dict[str, Any]:
    return json.loads(KEYS.read_text())
