"""A Vault of a test's own on 127.0.0.1 and a stack that makes the mesh's CA there and nothing else: with no cluster."""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import hvac
import requests
import yaml
from hvac.exceptions import VaultError

from lab.cluster import pulumi_plugins
from lab.cluster.names import CHECKOUT
from lab.cluster.waiting import wait_until
from lab.toolchain import programs
from tests.support.project import Outcome, run_in

TEN_YEARS = "87600h"
STACK = "ca"
STACK_FILE = f"Pulumi.{STACK}.yaml"
QUIET = ("--stack", STACK, "--non-interactive", "--color", "never")
PASSPHRASE = "the test keeps no secrets"


@dataclass(frozen=True)
class Request:
    """A request in the audit log."""

    operation: str
    path: str
    data: dict[str, Any]
    refused: bool
    policies: tuple[str, ...]
    """Policies of the token; empty for a request without one. The test itself uses the policy `root`."""

    def __str__(self) -> str:
        return f"{self.operation} {self.path}"


class VaultAlone:
    """A Vault whose data, audit log and keys are in one folder: copied, it is a backup."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._process, self._bundle = folder, None, ""
        with socket.create_server(("127.0.0.1", 0)) as free, socket.create_server(("127.0.0.1", 0)) as other:
            self.address, self._cluster_address = (f"http://127.0.0.1:{one.getsockname()[1]}" for one in (free, other))
        self._audit = folder / "audit.log"
        self.admin = hvac.Client(url=self.address, timeout=10)

    def start(self) -> None:
        """Start Vault, initialise it where it has no data, and unseal it."""
        self._data.mkdir(parents=True, exist_ok=True)
        configuration = {
            "listener": {"tcp": {"address": self.address.removeprefix("http://"), "tls_disable": True}},
            # A single node need not wait five to ten seconds for another leader.
            "storage": {"raft": {"path": str(self._data), "node_id": "alone", "performance_multiplier": 1}},
            "api_addr": self.address,
            "cluster_addr": self._cluster_address,
            "disable_mlock": True,
        }
        file = self._folder / "vault.json"
        file.write_text(json.dumps(configuration))
        programs.ensure(["vault"])
        with (self._folder / "vault.log").open("a") as log:
            command = [programs.program("vault"), "server", f"-config={file}"]
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        wait_until("vault", self._answers, 60)
        if not self.admin.sys.is_initialized():
            keys = self.admin.sys.initialize(secret_shares=1, secret_threshold=1)
            (self._data / "keys.json").write_text(json.dumps(keys))
        keys = json.loads((self._data / "keys.json").read_text())
        self.admin.token = keys["root_token"]
        self.admin.sys.submit_unseal_key(keys["keys"][0])
        wait_until("vault", lambda: self.admin.sys.read_health_status().status_code == requests.codes.ok, 60)
        if not self.admin.sys.list_enabled_audit_devices()["data"]:
            # Raw: what is sent is compared with the policy, and nothing in this Vault is a secret.
            options = {"file_path": str(self._audit), "log_raw": "true"}
            self.admin.sys.enable_audit_device("file", options=options)

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait()

    def token(self, policy: str, **limits: object) -> str:
        """Return a token with this policy (HCL) and nothing else."""
        name = f"policy-{uuid4()}"
        self.admin.sys.create_or_update_policy(name, policy)
        made = self.admin.auth.token.create(policies=[name], no_default_policy=True, ttl="2h", **limits)
        return made["auth"]["client_token"]

    def make_root(self, mount: str, name: str) -> str:
        """Make a root CA at a new mount, as docs/vault.md says; return its PEM."""
        self.admin.sys.enable_secrets_engine("pki", path=mount, config={"max_lease_ttl": TEN_YEARS})
        fields = {"common_name": name, "ttl": TEN_YEARS, "key_type": "ec", "max_path_length": 1}
        made = self.admin.write_data(f"{mount}/root/generate/exported", data=fields)["data"]
        self._bundle = f"{made['private_key']}\n{made['certificate']}"
        return made["certificate"]

    def put_root_back(self, mount: str) -> None:
        """Mount the earlier root again, as an owner does who has kept its key."""
        self.admin.sys.enable_secrets_engine("pki", path=mount, config={"max_lease_ttl": TEN_YEARS})
        self.admin.write_data(f"{mount}/config/ca", data={"pem_bundle": self._bundle})

    def root(self, mount: str) -> str:
        """Return the PEM of the CA at a mount."""
        return self.admin.read(f"{mount}/cert/ca")["data"]["certificate"]

    def backup(self) -> Path:
        """Copy all data aside."""
        kept = self._folder / "backup"
        with self._stopped():
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(self._data, kept)
        return kept

    def restore(self, backup: Path) -> None:
        """Restore the data of a backup."""
        with self._stopped():
            shutil.rmtree(self._data)
            shutil.copytree(backup, self._data)

    def wipe(self) -> None:
        """Begin again without data, at the same address."""
        with self._stopped():
            shutil.rmtree(self._data)

    @contextmanager
    def requests(self) -> Iterator[list[Request]]:
        """Collect the requests of others than the test itself until the end of the block."""
        start = self._audit.stat().st_size
        seen: list[Request] = []
        yield seen
        with self._audit.open() as log:
            log.seek(start)
            seen += [entry for entry in map(_request, log) if entry and "root" not in entry.policies]

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @contextmanager
    def _stopped(self) -> Iterator[None]:
        self.stop()
        yield
        self.start()

    def _answers(self) -> bool:
        try:
            self.admin.sys.read_seal_status()
        except (requests.RequestException, VaultError):
            return False
        return True


def _request(line: str) -> Request | None:
    entry = json.loads(line)
    if entry["type"] != "request":
        return None
    sent, sender = entry["request"], entry.get("auth") or {}
    refused, policies = "permission denied" in entry.get("error", ""), tuple(sender.get("policies") or ())
    return Request(sent["operation"], sent["path"], sent.get("data") or {}, refused, policies)


@contextmanager
def vault_alone(folder: Path) -> Iterator[VaultAlone]:
    """Run a Vault until the end of the block."""
    made = VaultAlone(folder)
    try:
        made.start()
        yield made
    finally:
        made.stop()


class CaProject:
    """The project's program in a folder whose stack `ca` has `vault` alone in its settings."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.token, self._home = folder / "project", "", folder / "home"
        for made in (self.folder, self._home, folder / "state"):
            made.mkdir()
        for entry in CHECKOUT.iterdir():
            if entry.name not in (".git", STACK_FILE):
                (self.folder / entry.name).symlink_to(entry)
        pulumi_plugins.install_vault(self._home)
        self._environment = {
            **os.environ,
            "PATH": os.pathsep.join([*_folders("pulumi"), str(CHECKOUT / ".venv/bin"), os.environ["PATH"]]),
            "PULUMI_HOME": str(self._home),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_PYTHON_CMD": str(CHECKOUT / ".venv/bin/python"),
        }

    def set(self, **vault: object) -> None:
        """Write the stack's settings, keeping the encryption of the stack's secrets."""
        file = self.folder / STACK_FILE
        content = yaml.safe_load(file.read_text()) if file.exists() else {}
        file.write_text(yaml.safe_dump({**content, "config": {"pi-mesh:vault": vault}}))

    def pulumi(self, *arguments: str) -> Outcome:
        return self._run("pulumi", *arguments, *QUIET)

    def up(self, *more: str) -> Outcome:
        return self.pulumi("up", "--yes", "--skip-preview", *more)

    def operation(self, *arguments: str) -> Outcome:
        return self._run("python", "-m", "operations", *arguments, "--stack", STACK)

    def chain(self) -> str:
        """Return the PEM of the stack's CA, followed by its signers."""
        outputs = json.loads(self.pulumi("stack", "output", "--json", "--show-secrets").must().output)
        return outputs["certificateAuthority"]["chain"]

    def _run(self, *command: str) -> Outcome:
        return run_in(self.folder, {**self._environment, "VAULT_TOKEN": self.token}, *command)


def ca_project(folder: Path, address: str) -> CaProject:
    """Return a stack that can make its CA in the Vault at an address."""
    project = CaProject(folder)
    project.set(enabled=True, address=address)
    project.pulumi("stack", "init").must()
    return project


def _folders(*parts: str) -> list[str]:
    programs.ensure(parts)
    return [str(programs.program(part).parent) for part in parts]
