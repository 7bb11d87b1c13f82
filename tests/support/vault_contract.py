"""What a Vault plugin asks of Vault for each resource of the program, in which order, and how it fails.

Recorded once of the published plugin, by hand, into lab/vault_plugin/contract.json:
python -m tests.support.vault_contract FILE_OF_THE_PLUGIN
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
from tests.support.vault_program import CERTIFICATE, REQUEST, SIGNATURE, plug_in

FILE = CHECKOUT / "lab/vault_plugin/contract.json"
PROVIDER = "mesh-ca-provider"
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

Table = dict[str, dict[str, dict[str, Any]]]
"""By resource and situation: the calls with what is sent, and the outcome."""


@dataclass
class Observation:
    """The table of one plugin, as it fills."""

    vault: VaultAlone
    table: Table = field(default_factory=dict)

    def note(self, name: str, situation: str, step: Callable[[], Held | None]) -> Held | None:
        """Carry out a step, and note what it asked of Vault and how it ended."""
        result = None
        with self.vault.requests() as seen:
            try:
                result = step()
                outcome = "gone" if result is None else "ok"
            except PluginError as problem:
                outcome = str(problem).replace(self.vault.address, "ADDRESS")
        first_use = name == PROVIDER
        calls = [_call(request) for request in seen if first_use or request.path != ITSELF]
        self.table.setdefault(name, {})[situation] = {"calls": calls, "outcome": outcome}
        return result

    def must(self, name: str, situation: str, step: Callable[[], Held | None]) -> Held:
        """As `note`, for a step that must succeed."""
        result = self.note(name, situation, step)
        assert result, self.table[name][situation]
        return result


def _call(request: Request) -> list[Any]:
    return [str(request), {name: _short(name, value) for name, value in sorted(request.data.items())}]


def _short(name: str, value: Any) -> Any:
    """Return what is sent, but for texts that differ each time."""
    return name.upper() if name in ("csr", "certificate", "default") and value else value


def inputs() -> dict[str, tuple[str, dict[str, Any]]]:
    """Return what the program gives to the plugin, by name of the resource; a mesh whose key stays in Vault has all."""
    recording = plug_in(key="internal")
    return {one.name: (one.type, dict(one.props)) for one in recording.resources if one.type.startswith("vault:")}


def observe(program: Path) -> Table:
    """Run every resource of the program through every situation, with a plugin, on a Vault of its own."""
    with tempfile.TemporaryDirectory() as folder, vault_alone(Path(folder)) as vault:
        vault.make_root("pki", "Pi root")
        observation = Observation(vault)
        held = _first_used(observation, program)
        with configured(program, vault, EVERYTHING) as plugin, configured(program, vault, NOTHING_ELSE) as poor:
            _created(observation, plugin, held)
            for name, one in held.items():
                observation.note(name, "create, forbidden", lambda: poor.create(one.type, one.inputs))  # noqa: B023
                observation.note(name, "refresh, forbidden", lambda: poor.read(one))  # noqa: B023
            for name, changes in CHANGES.items():
                changed = observation.must(name, "update", lambda: plugin.update(held[name], changes))  # noqa: B023
                held[name] = observation.must(name, "refresh, changed", lambda: plugin.read(changed))  # noqa: B023
            for name, one in reversed(held.items()):
                observation.note(name, "delete, forbidden", lambda: poor.delete(one))  # noqa: B023
            observation.note("mesh-ca-mount", "create, taken", lambda: _again(plugin, held["mesh-ca-mount"]))
            observation.note("mesh-ca-istiod-role", "delete", lambda: plugin.delete(held["mesh-ca-istiod-role"]))
            observation.note("mesh-ca-istiod-role", "refresh, gone", lambda: plugin.read(held["mesh-ca-istiod-role"]))
            vault.admin.sys.disable_secrets_engine(path="pki_int")
            for name, one in held.items():
                observation.note(name, "refresh, mount lost", lambda: plugin.read(one))  # noqa: B023
                if name != "mesh-ca-mount":
                    observation.note(name, "create, mount lost", lambda: _again(plugin, one))  # noqa: B023
                observation.note(name, "delete, mount lost", lambda: plugin.delete(one))  # noqa: B023
            _again(plugin, held["mesh-ca-mount"])
            observation.note("mesh-ca-mount", "delete", lambda: plugin.delete(held["mesh-ca-mount"]))
        return observation.table


def _again(plugin: PluginProcess, held: Held) -> Held:
    return plugin.create(held.type, held.inputs)


def _created(observation: Observation, plugin: PluginProcess, held: dict[str, Held]) -> None:
    """Create all, each with what the ones before it gave, as the program wires them."""
    given: dict[str, Any] = {}
    for name, (type_, properties) in inputs().items():
        wired = {key: given.get(key, value) for key, value in properties.items()}
        made = observation.must(name, "create", lambda: plugin.create(type_, wired))  # noqa: B023
        if type_ == REQUEST:
            given["csr"] = made.outputs["csr"]
        elif type_ == SIGNATURE:
            given["certificate"] = "\n".join([made.outputs["certificate"], *made.outputs["caChains"]])
        elif type_ == CERTIFICATE:
            given["default"] = made.outputs["importedIssuers"][0]
        held[name] = observation.must(name, "refresh", lambda: plugin.read(made))  # noqa: B023


def _first_used(observation: Observation, program: Path) -> dict[str, Held]:
    """A plugin asks for its token when it first needs Vault, and no resource is to blame where that is refused."""
    mount, (type_, properties) = next(iter(inputs().items()))
    for situation, policy in (("first use", NOTHING_ELSE), ("first use, forbidden", NOTHING)):
        with configured(program, observation.vault, policy) as plugin:
            observation.note(PROVIDER, situation, lambda: plugin.read(Held(type_, "pki_int", properties, properties)))  # noqa: B023
    return {}


@contextmanager
def configured(program: Path, vault: VaultAlone, policy: str) -> Iterator[PluginProcess]:
    """Run a plugin with a token of this policy."""
    with plugin_process(program) as plugin:
        plugin.configure("vault", {"address": vault.address, "token": vault.token(policy), "skipChildToken": "true"})
        yield plugin


if __name__ == "__main__":
    recorded = {"plugin": VERSION, "resources": observe(Path(sys.argv[1]))}
    FILE.write_text(json.dumps(recorded, indent=2) + "\n")
