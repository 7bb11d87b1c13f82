"""The CA in Vault has a strong key, a bounded life and a bounded path length."""

import re
from collections.abc import Iterator

from .rule import MANDATORY, Bounds, Resource, Rule, bound, strings
from .tree import amount, at, text

_PKI = "vault:pkiSecret/secretBackend"
REQUEST = f"{_PKI}IntermediateCertRequest:SecretBackendIntermediateCertRequest"
SIGNED = f"{_PKI}RootSignIntermediate:SecretBackendRootSignIntermediate"
ROOT = f"{_PKI}RootCert:SecretBackendRootCert"
KEY = f"{_PKI}Key:SecretBackendKey"
IMPORTED = f"{_PKI}ConfigCa:SecretBackendConfigCa"
ENDPOINT = "vault:generic/endpoint:Endpoint"
_MAKES_A_CA = re.compile(r"/(sign-intermediate|sign-self-issued|intermediate|root|config/ca|keys|issuers)(/|$)")
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def breaches(resource: Resource, bounds: Bounds) -> Iterator[str]:
    kind = resource.resource_type
    if kind in (REQUEST, ROOT, KEY):
        yield from _key(resource, bounds)
    if kind in (SIGNED, ROOT):
        yield from _certificate(resource, bounds)
    if kind == IMPORTED:
        yield "the key of an imported CA has been outside of Vault, and cannot be judged"
    if kind == ENDPOINT and _MAKES_A_CA.search(text(resource.props, "path") or ""):
        yield f"{resource.props.get('path')} makes a CA where its key and life cannot be judged"


def _key(resource: Resource, bounds: Bounds) -> Iterator[str]:
    for place in ("keyRef", "managedKeyName", "managedKeyId"):
        if at(resource.props, place) not in (None, "", "default"):
            yield f"{place} takes a key that cannot be judged"
    if at(resource.props, "type") == "existing":
        yield "type is existing: the key cannot be judged"
    bits = amount(resource.props, "keyBits")
    key = f"{text(resource.props, 'keyType') or 'rsa'}-{2048 if bits is None else bits:g}"
    if key not in bounds["keys"]:
        yield f"the CA's key is {key}"


def _certificate(resource: Resource, bounds: Bounds) -> Iterator[str]:
    ttl, longest = at(resource.props, "ttl"), bounds["longestLife"]
    most = _seconds(longest)
    if ttl is None or _seconds(ttl) == 0:
        yield "ttl is not set"
    elif most is None:
        yield f"longestLife {longest} in the policy config is no duration, so nothing is within it"
    elif not (_seconds(ttl) or float("inf")) <= most:
        yield f"ttl {ttl} is longer than {longest}"
    if at(resource.props, "notAfter"):
        yield f"notAfter {at(resource.props, 'notAfter')} comes before the ttl"
    if at(resource.props, "useCsrValues") not in (None, False):
        yield "useCsrValues lets the request say what the CA may sign"
    length = amount(resource.props, "maxPathLength")
    length = -1 if length is None else length
    if not 0 <= length <= bounds["pathLength"]:
        yield f"maxPathLength is {length:g}: the CA could sign further CAs"


def _seconds(duration: object) -> int | None:
    """Return the seconds of Vault's "8760h" or 3600; None for a value that is no duration."""
    number = f"{duration:.0f}" if isinstance(duration, float) and duration.is_integer() else str(duration)
    match = re.fullmatch(r"([0-9]{1,12})([smhd]?)", number)
    return int(match[1]) * SECONDS[match[2]] if match else None


RULE = Rule(
    "vault-ca",
    "The mesh's CA has a strong key and a bounded life, and signs no further CA",
    MANDATORY,
    "whoever steals this key can act as any workload until the certificate expires",
    "set the vault settings to a listed key type, a ttl within the bound and a path length of 0",
    schema={
        "keys": strings(["ec-256", "ec-384", "rsa-4096"], "Allowed keys, written as TYPE-BITS."),
        "longestLife": bound("string", "8760h", "The longest ttl of the CA."),
        "pathLength": bound("integer", 0, "Number of CAs that may be below this one."),
    },
    breaches=breaches,
)
