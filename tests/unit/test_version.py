"""The version: pyproject.toml and the changelog say the same."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_newest_heading_of_the_changelog_is_the_version_of_the_project():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    heading = re.search(r"^## (\S+) \((.+)\)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert heading
    number, state = heading.groups()
    if state == "unreleased":
        assert version == f"{number}.dev0"
    else:
        assert version == number
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", state)
