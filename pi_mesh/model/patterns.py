"""Texts that follow a pattern, with the words that say what is allowed: nobody should have to read a regex."""

from typing import Annotated, Any

from pydantic import Field

ALLOWED: dict[str, str] = {}
"""Pattern -> what it allows, for error messages."""


def matching(pattern: str, allowed: str, **more: Any) -> Any:
    """A field's bound: the pattern, named in errors, in the reference and to editors by `allowed`."""
    ALLOWED[pattern] = allowed
    return Field(pattern=pattern, json_schema_extra={"allowed": allowed}, **more)


VaultAddress = Annotated[
    str, matching(r"^https?://[^/\s]+$", 'the address of an API without a path, such as "https://vault.example:8200"')
]
"""Where Vault answers."""
