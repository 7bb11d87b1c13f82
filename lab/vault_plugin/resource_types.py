"""The resource types, each with the Vault API call that creates it, and properties named as in the published plugin."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Properties = dict[str, object]
Body = Callable[[Properties], Properties]


@dataclass(frozen=True)
class ResourceType:
    """A resource type whose resources are written to one path of Vault's API.

    `path` is filled in from the properties `in_path`; all others are sent. `outputs`: property -> field of the answer.
    `replaced_by`: a change of these replaces the resource, as in the published plugin; None means every property.
    `rewritten`: an update writes again; the published plugin does not sign a certificate again, nor does this one.
    """

    path: str
    in_path: tuple[str, ...] = ("backend",)
    outputs: Mapping[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    replaced_by: frozenset[str] | None = frozenset({"backend"})
    rewritten: bool = True
    readable: bool = False
    deletable: bool = False
    body: Body = lambda properties: properties
    update_suffix: str = ""
    update_body: Body = lambda properties: properties

    def place(self, properties: Mapping[str, object]) -> str:
        """Return the path of a resource with these properties."""
        return self.path.format(**{name: properties[name] for name in self.in_path})

    def sent(self, properties: Properties, update: bool) -> Properties:
        """Return the body of the API call."""
        fields = {snake(name): value for name, value in properties.items() if name not in self.in_path}
        return self.update_body(fields) if update else self.body(fields)


def snake(name: str) -> str:
    """Convert `maxPathLength` to `max_path_length`, as Vault's API names it."""
    return re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


def _mount(fields: Properties) -> Properties:
    return {"type": fields["type"], "description": fields["description"], "config": _lease(fields)}


def _tune(fields: Properties) -> Properties:
    return {"description": fields["description"], **_lease(fields)}


def _lease(fields: Properties) -> Properties:
    return {"max_lease_ttl": f"{fields['max_lease_ttl_seconds']}s"}


RESOURCE_TYPES = {
    "vault:index/mount:Mount": ResourceType(
        "sys/mounts/{path}",
        in_path=("path",),
        replaced_by=frozenset({"path", "type"}),
        readable=True,
        deletable=True,
        body=_mount,
        update_suffix="/tune",
        update_body=_tune,
    ),
    "vault:pkiSecret/secretBackendIntermediateCertRequest:SecretBackendIntermediateCertRequest": ResourceType(
        "{backend}/intermediate/generate/{type}",
        in_path=("backend", "type"),
        outputs={"csr": "csr", "privateKey": "private_key", "privateKeyType": "private_key_type", "keyId": "key_id"},
        secrets=frozenset({"privateKey"}),
        replaced_by=None,
    ),
    "vault:pkiSecret/secretBackendRootSignIntermediate:SecretBackendRootSignIntermediate": ResourceType(
        "{backend}/root/sign-intermediate",
        outputs={
            "certificate": "certificate",
            "caChains": "ca_chain",
            "issuingCa": "issuing_ca",
            "serialNumber": "serial_number",
        },
        replaced_by=frozenset({"backend", "csr", "commonName", "maxPathLength", "excludeCnFromSans"}),
        rewritten=False,
    ),
    "vault:pkiSecret/secretBackendIntermediateSetSigned:SecretBackendIntermediateSetSigned": ResourceType(
        "{backend}/intermediate/set-signed",
        outputs={"importedIssuers": "imported_issuers", "importedKeys": "imported_keys"},
        replaced_by=None,
    ),
    "vault:pkiSecret/secretBackendConfigIssuers:SecretBackendConfigIssuers": ResourceType(
        "{backend}/config/issuers", readable=True
    ),
    "vault:pkiSecret/secretBackendConfigUrls:SecretBackendConfigUrls": ResourceType(
        "{backend}/config/urls", readable=True
    ),
    "vault:pkiSecret/backendConfigAutoTidy:BackendConfigAutoTidy": ResourceType(
        "{backend}/config/auto-tidy", readable=True
    ),
    "vault:pkiSecret/secretBackendRole:SecretBackendRole": ResourceType(
        "{backend}/roles/{name}",
        in_path=("backend", "name"),
        replaced_by=frozenset({"backend", "name"}),
        readable=True,
        deletable=True,
    ),
}
