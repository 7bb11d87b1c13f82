"""The requests of a Vault plugin for each resource of the program, in order, and its failures.

Recorded once from the published plugin, by hand, into lab/vault_plugin/contract.json: python -m
tests.support.vault_contract FILE_OF_THE_PLUGIN
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.cluster.names import CHECKOUT
from lab.vault_plugin import VERSION
from tests.support.plugin_process import Held, PluginError, PluginProcess, plugin_process
from tests.support.vault_alone import Request, VaultAlone, vault_alone
from tests.support.vault_program import CERTIFICATE, KEYLESS, MADE, REQUEST, SIGNATURE, plug_in

FILE = CHECKOUT / "lab/vault_plugin/contract.json"
PROVIDER = "mesh-ca-provider"
ROLES = ("mesh-ca-role", "mesh-ca-istiod-role")
ITSELF = "auth/token/lookup-self"
CHANGES: dict[str, dict[str, Any]] = {
    "mesh-ca-mount": {"maxLeaseTtlSeconds": 3600 * 9000},
    "mesh-ca-urls": {"crlDistributionPoints": ["http://elsewhere/crl"]},
    "mesh-ca-role": {"maxTtl": "3600"},
    "mesh-ca-istiod-role": {"maxTtl": "3600"},
    "mesh-ca-tidy": {"tidyExpiredIssuers": False},
    "mesh-ca-default-issuer": {},
    "mesh-ca-signature-1": {"ttl": "9000h"},
}
"""A change of each resource that does not replace it."""
EVERYTHING = 'path "*" { capabilities = ["create", "read", "update", "delete", "sudo"] }'
NOTHING_ELSE = f'path "{ITSELF}" {{ capabilities = ["read"] }}'
NOTHING = 'path "nothing" { capabilities = ["read"] }'
NEVER = ("rename", "delete, mount lost", "delete, forbidden")
"""Situations that no command leads to.

A mount keeps its name, and its content goes with it; its roles are removed alone as well.
"""
Create = Callable[[str, str, dict[str, Any]], Held]
"""Function that creates a resource from its name, type and inputs."""
Table = dict[str, dict[str, dict[str, Any]]]
"""The calls with their data, and the outcome, by resource and situation."""


@dataclass
class Observation:
    """The table of one plugin while it is filled."""

    vault: VaultAlone
    table: Table = field(default_factory=dict)

    def note(self, name: str, situation: str, step: Callable[..., Held | None], *what: Any) -> Held | None:
        """Carry out a step, and note its requests to Vault and its outcome."""
        result = None
        with self.vault.requests() as seen:
            try:
                result = step(*what)
                outcome = "gone" if result is None else "ok"
            except PluginError as problem:
                outcome = str(problem).replace(self.vault.address, "ADDRESS")
        first_use = name == PROVIDER
        calls = [_call(request) for request in seen if first_use or request.path != ITSELF]
        self.table.setdefault(name, {})[situation] = {"calls": calls, "outcome": outcome}
        return result

    def must(self, name: str, situation: str, step: Callable[..., Held | None], *what: Any) -> Held:
        """Carry out a step that must succeed, as `note` does."""
        result = self.note(name, situation, step, *what)
        assert result, self.table[name][situation]
        return result


def _call(request: Request) -> list[Any]:
    return [str(request), {name: _short(name, value) for name, value in sorted(request.data.items())}]


def _short(name: str, value: Any) -> Any:
    """Return the data that is sent, without texts that differ each time."""
    return name.upper() if name in ("csr", "certificate", "default") and value else value


def asked() -> dict[str, dict[str, Any]]:
    """Return the data of each call of the published plugin, such as "update pki_int/config/urls", as recorded.

    Calls to which no command of the project leads are left out.
    """
    situations = ((name, entry) for each in recorded().values() for name, entry in each.items())
    calls = [call for name, entry in situations if not name.startswith(NEVER) for call in entry["calls"]]
    exported = [(call.replace("/internal", "/exported"), sent) for call, sent in calls]
    return dict(reversed([*calls, *exported]))  # of several, what it was created with


def recorded() -> Table:
    """Return the table of the published plugin."""
    return json.loads(FILE.read_text())["resources"]


def inputs(key: str = "internal") -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the program's inputs by resource name, for a mesh whose key stays in Vault: it has all resources."""
    given = {"key": key, "workloadRole": True, "certManager": {"address": "https://vault.example:8200"}}
    recording = plug_in(**given, outputs=KEYLESS if key == "internal" else MADE)
    return {one.name: (one.type, dict(one.props)) for one in recording.resources if one.type.startswith("vault:")}


def observe(program: Path) -> Table:
    """Run every resource of the program through every situation, with a plugin, on a Vault of its own."""
    with tempfile.TemporaryDirectory() as folder, vault_alone(Path(folder)) as vault:
        vault.make_root("pki", "Pi root")
        observation = Observation(vault)
        _first_used(observation, program)
        with configured(program, vault, EVERYTHING) as plugin, configured(program, vault, NOTHING_ELSE) as poor:
            held = created(lambda *resource: _created(observation, plugin, *resource))
            for name, one in held.items():
                observation.note(name, "create, forbidden", poor.create, one.type, one.inputs)
                observation.note(name, "refresh, forbidden", poor.read, one)
            for name, changes in CHANGES.items():
                changed = observation.must(name, "update", plugin.update, held[name], changes)
                held[name] = observation.must(name, "refresh, changed", plugin.read, changed)
            moved = {"path": "pki_moved"}
            observation.note("mesh-ca-mount", "rename, forbidden", poor.update, held["mesh-ca-mount"], moved)
            for name, one in reversed(held.items()):
                observation.note(name, "delete, forbidden", poor.delete, one)
            observation.note("mesh-ca-mount", "create, taken", _again, plugin, held["mesh-ca-mount"])
            for name in ROLES:
                observation.note(name, "delete", plugin.delete, held[name])
                observation.note(name, "refresh, gone", plugin.read, held[name])
            vault.admin.sys.disable_secrets_engine(path="pki_int")
            for name, one in held.items():
                observation.note(name, "refresh, mount lost", plugin.read, one)
                if name != "mesh-ca-mount":
                    observation.note(name, "create, mount lost", _again, plugin, one)
                observation.note(name, "delete, mount lost", plugin.delete, one)
            _again(plugin, held["mesh-ca-mount"])
            observation.note("mesh-ca-mount", "delete", plugin.delete, held["mesh-ca-mount"])
        return observation.table


def _again(plugin: PluginProcess, held: Held) -> Held:
    return plugin.create(held.type, held.inputs)


def created(create: Create, key: str = "internal") -> dict[str, Held]:
    """Create all resources, each with the outputs of those before it, as the program wires them."""
    given: dict[str, Any] = {}
    held: dict[str, Held] = {}
    for name, (type_, properties) in inputs(key).items():
        made = held[name] = create(name, type_, {field: given.get(field, value) for field, value in properties.items()})
        if type_ == REQUEST:
            given["csr"] = made.outputs["csr"]
        elif type_ == SIGNATURE:
            given["certificate"] = "\n".join([made.outputs["certificate"], *made.outputs["caChains"]])
        elif type_ == CERTIFICATE:
            given["default"] = made.outputs["importedIssuers"][0]
    return held


def _created(observation: Observation, plugin: PluginProcess, name: str, type_: str, given: dict[str, Any]) -> Held:
    made = observation.must(name, "create", plugin.create, type_, given)
    return observation.must(name, "refresh", plugin.read, made)


def _first_used(observation: Observation, program: Path) -> None:
    """Note a refused token at its first use, which a plugin reports for no single resource."""
    _, (type_, properties) = next(iter(inputs().items()))
    for situation, policy in (("first use", NOTHING_ELSE), ("first use, forbidden", NOTHING)):
        with configured(program, observation.vault, policy) as plugin:
            observation.note(PROVIDER, situation, plugin.read, Held(type_, "pki_int", properties, properties))


@contextmanager
def configured(program: Path, vault: VaultAlone, policy: str) -> Iterator[PluginProcess]:
    """Run a plugin with a token of this policy until the end of the block."""
    with plugin_process(program) as plugin:
        plugin.configure("vault", {"address": vault.address, "token": vault.token(policy), "skipChildToken": "true"})
        yield plugin


if __name__ == "__main__":
    made = {"plugin": f"pulumi-resource-vault {VERSION}", "resources": observe(Path(sys.argv[1]))}
    FILE.write_text(json.dumps(made, indent=1) + "\n")
