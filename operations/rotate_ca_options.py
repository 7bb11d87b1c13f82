"""The CA that a mesh changes to with its root, as the options of `rotate-ca --root` name it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from operations.failures import UsageError
from pi_mesh.certificates import pem
from pi_mesh.certificates.pem import Certificates


@dataclass(frozen=True)
class RootOptions:
    """The options of `rotate-ca --root` that name the new CA."""

    root_mount: str | None = None
    chain: Path | None = None
    key: Path | None = None
    secret: str | None = None
    issuer: bool = False

    @property
    def named(self) -> int:
        """Return the number of CAs that the options name."""
        return sum(option is not None for option in (self.root_mount, self.chain, self.secret, self.issuer or None))


@dataclass(frozen=True)
class Target:
    """The new CA."""

    root: pem.x509.Certificate
    reached: bool
    """True where the stack file names the CA as the one that signs."""
    write: Callable[[], None] = field(repr=False)
    """Writes the CA into the stack file, or into the file of the CA's own stack."""
    owner: str
    """The stack whose file names the CA: an `up` of that stack comes first."""


def same(text: str, chain: Certificates) -> bool:
    return "BEGIN CERTIFICATE" in text and set(pem.certificates(text, "chain")) == set(chain)


def read_text(stack: str, path: Path | None) -> str:
    try:
        return Path(str(path)).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(stack, f"{path} can't be read: {problem}", "name a file in PEM form") from None
