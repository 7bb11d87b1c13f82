"""The version of this program, as pyproject.toml has it: it is never installed as a package."""

import tomllib
from pathlib import Path


def read() -> str:
    """Return the version."""
    content = (Path(__file__).parents[1] / "pyproject.toml").read_text()
    return tomllib.loads(content)["project"]["version"]
