"""Texts that follow a pattern, each with a description of what is allowed, so that nobody has to read a regex."""

from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

ALLOWED: dict[str, str] = {}
"""Description of what each pattern allows, for error messages."""


def matching(pattern: str, allowed: str, **more: Any) -> Any:
    """Return a field constraint for the pattern; errors, the reference and editors show `allowed` in its place."""
    ALLOWED[pattern] = allowed
    return Field(pattern=pattern, json_schema_extra={"allowed": allowed}, **more)


def _host_and_port(value: str) -> str:
    try:
        if urlsplit(value).port == 0:
            raise ValueError
    except ValueError:
        raise ValueError("is not a host with a port from 1 to 65535") from None
    return value


VaultAddress = Annotated[
    str,
    matching(r"^https?://[^/\s]+$", 'the address of an API without a path, such as "https://vault.example:8200"'),
    AfterValidator(_host_and_port),
]
"""Address of Vault's API."""

IssuerName = Annotated[
    str,
    matching(
        r"^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$", "the name of an Issuer: small letters, digits, inner dashes and dots"
    ),
]

SecretName = Annotated[
    str,
    matching(
        r"^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$", "the name of a Secret: small letters, digits, inner dashes and dots"
    ),
]
