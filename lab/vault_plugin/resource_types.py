"""The resource types, each with the calls of Vault's API that the published plugin makes for it, in their order.

contract.json has these calls as they were recorded, and a test compares. Properties are named as in that plugin.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lab.vault_plugin import bodies
from lab.vault_plugin.bodies import Body, Fields


@dataclass(frozen=True)
class Call:
    """A call, filled in from the properties; `place` is its path, and `problem` in `wording` is Vault's error."""

    path: str
    wording: str = "{problem}"
    body: Body = bodies.PROPERTIES
    method: str = "PUT"


@dataclass(frozen=True)
class ResourceType:
    """A resource type. `outputs`: property -> field of the answer to a write.

    `replaced_by`: a change of these replaces the resource, as in the published plugin; None means every property.
    """

    create: Call
    update: Call | None
    read: Call | None = None
    read_back: bool = True
    """True where a write is followed by a read."""
    nil: str = ""
    """Error of a refresh where Vault has no such resource; empty: the resource is gone."""
    delete: Call | None = None
    rename: Call | None = None
    """Call before an update that changes the id."""
    identity: str = "{place}"
    outputs: Mapping[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    replaced_by: frozenset[str] | None = frozenset({"backend"})
    computed: tuple[str, ...] = ()
    """Properties that are read back beyond the given ones, and sent with an update."""
    found: Callable[[Fields], Fields] = dict
    """Function that converts a read from Vault's names to those of the properties."""


def _config(what: str, body: Body, writing: str, reading: str, **more) -> ResourceType:
    """Return the type of a configuration at one path of a mount; it is removed together with the mount."""
    path = f"{{backend}}/config/{what}"
    write = Call(path, writing, body)
    return ResourceType(write, write, Call(path, reading), **more)


ROLE = bodies.without_zeros(bodies.fields(bodies.ROLE, in_path=("backend", "name")))
REQUEST = bodies.without_zeros(bodies.fields(bodies.REQUEST, in_path=("backend", "type")))
RESOURCE_TYPES = {
    "vault:index/mount:Mount": ResourceType(
        Call("sys/mounts/{path}", "error writing to Vault: {problem}", bodies.mount, "POST"),
        Call("sys/mounts/{path}/tune", "error updating Vault: {problem}", bodies.tune, "POST"),
        Call("sys/mounts/{path}"),
        delete=Call("sys/mounts/{path}", "error deleting from Vault: {problem}"),
        identity="{path}",
        rename=Call("sys/remount", "error remounting in Vault: {problem}", bodies.remount, "POST"),
        replaced_by=frozenset({"type"}),
        found=bodies.of_mount,
    ),
    "vault:pkiSecret/secretBackendIntermediateCertRequest:SecretBackendIntermediateCertRequest": ResourceType(
        Call(
            "{backend}/issuers/generate/intermediate/{type}",
            'error creating intermediate cert request for PKI secret backend "{backend}": {problem}',
            REQUEST,
        ),
        None,
        identity="{place}/{unique}",
        outputs={"csr": "csr", "privateKey": "private_key", "privateKeyType": "private_key_type", "keyId": "key_id"},
        secrets=frozenset({"privateKey"}),
        replaced_by=None,
    ),
    "vault:pkiSecret/secretBackendRootSignIntermediate:SecretBackendRootSignIntermediate": ResourceType(
        Call(
            "{backend}/root/sign-intermediate",
            'error creating root sign-intermediate on PKI secret backend "{backend}": {problem}',
            bodies.fields(bodies.SIGNATURE),
        ),
        None,
        identity="{backend}/{commonName}",
        outputs={
            "certificate": "certificate",
            "caChains": "ca_chain",
            "issuingCa": "issuing_ca",
            "serialNumber": "serial_number",
        },
        replaced_by=frozenset({"backend", "csr", "commonName", "maxPathLength", "excludeCnFromSans"}),
    ),
    "vault:pkiSecret/secretBackendIntermediateSetSigned:SecretBackendIntermediateSetSigned": ResourceType(
        Call(
            "{backend}/intermediate/set-signed",
            'error creating intermediate set-signed on PKI secret backend "{backend}": {problem}',
        ),
        None,
        Call("sys/mounts/{backend}"),
        read_back=False,
        identity="{place}/{unique}",
        outputs={"importedIssuers": "imported_issuers", "importedKeys": "imported_keys"},
        replaced_by=None,
        found=bodies.nothing,
    ),
    "vault:pkiSecret/secretBackendConfigIssuers:SecretBackendConfigIssuers": _config(
        "issuers",
        bodies.fields(bodies.ISSUERS),
        'error writing data to "{place}", err={problem}',
        "error reading from Vault: {problem}",
    ),
    "vault:pkiSecret/secretBackendConfigUrls:SecretBackendConfigUrls": _config(
        "urls",
        bodies.fields(bodies.URLS),
        'error writing PKI URL config to "{backend}": {problem}',
        'error reading URL config on PKI secret backend "{place}": {problem}',
    ),
    "vault:pkiSecret/backendConfigAutoTidy:BackendConfigAutoTidy": _config(
        "auto-tidy",
        bodies.fields(bodies.TIDY),
        'error writing PKI auto tidy config to "{backend}": {problem}',
        'error reading auto tidy config on PKI secret backend "{place}": {problem}',
        nil='got nil response from Vault from path: "{place}"',
        computed=bodies.TIDY_READ,
    ),
    "vault:pkiSecret/secretBackendRole:SecretBackendRole": ResourceType(
        Call("{backend}/roles/{name}", 'error creating role {name} for backend "{backend}": {problem}', ROLE),
        Call("{backend}/roles/{name}", 'error updating PKI secret backend role "{place}": {problem}', ROLE),
        Call("{backend}/roles/{name}", 'error reading role "{place}": {problem}'),
        delete=Call("{backend}/roles/{name}", 'error deleting role "{place}": {problem}'),
        replaced_by=frozenset({"backend", "name"}),
        computed=bodies.ROLE_READ,
        found=bodies.of_role,
    ),
}
