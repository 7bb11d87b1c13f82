"""The intermediate CA in Vault: its key, its life, its path length."""

import re
from collections.abc import Iterator

from .rule import MANDATORY, Bounds, Resource, Rule, strings

REQUEST = "vault:pkiSecret/secretBackendIntermediateCertRequest:SecretBackendIntermediateCertRequest"
SIGNED = "vault:pkiSecret/secretBackendRootSignIntermediate:SecretBackendRootSignIntermediate"
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def breaches(resource: Resource, bounds: Bounds) -> Iterator[str]:
    if resource.resource_type == REQUEST:
        yield from _key(resource, bounds)
    elif resource.resource_type == SIGNED:
        yield from _certificate(resource, bounds)


def _key(resource: Resource, bounds: Bounds) -> Iterator[str]:
    key = f"{resource.props.get('keyType', 'rsa')}-{resource.props.get('keyBits', 2048):g}"
    if key not in bounds["keys"]:
        yield f"the CA's key is {key}"


def _certificate(resource: Resource, bounds: Bounds) -> Iterator[str]:
    ttl, longest = resource.props.get("ttl"), bounds["longestLife"]
    if ttl is None:
        yield "ttl is not set"
    elif _seconds(ttl) > _seconds(longest):
        yield f"ttl {ttl} is longer than {longest}"
    length = resource.props.get("maxPathLength", -1)
    if not 0 <= length <= bounds["pathLength"]:
        yield f"maxPathLength is {length:g}: the CA could sign further CAs"


def _seconds(duration: object) -> float:
    """Of Vault's "8760h" or 3600; more than any bound for what is no duration."""
    match = re.fullmatch(r"([0-9]+)([smhd]?)", str(duration))
    return int(match[1]) * SECONDS[match[2]] if match else float("inf")


RULE = Rule(
    "vault-ca",
    "The mesh's CA has a strong key, a bounded life and signs no further CA",
    MANDATORY,
    "whoever gets hold of this key speaks for every workload until the certificate ends",
    "set the vault settings to a listed key type, a ttl within the bound and a path length of 0",
    schema={
        "keys": strings(["ec-256", "ec-384", "rsa-4096"], "Allowed keys, as TYPE-BITS."),
        "longestLife": {"type": "string", "default": "8760h", "description": "The longest ttl of the CA."},
        "pathLength": {"type": "integer", "default": 0, "description": "How many CAs below this one."},
    },
    breaches=breaches,
)
