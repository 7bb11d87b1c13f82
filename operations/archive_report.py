"""The part of the report that the command `report` fills: the archive that it wrote."""

from pydantic import BaseModel


class Archive(BaseModel, frozen=True, extra="forbid"):
    """An archive for a bug report."""

    path: str
    """Path of the file."""
    bytes: int
    """Size of the file."""
    files: tuple[str, ...]
    """Names of the files in the archive, without their folder."""
    removed: int
    """Number of places from which a secret, or what looks like one, was removed."""
