"""promtool, built with the lab's Prometheus, and the files that it reads."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from lab.toolchain import programs


def run(*arguments: str | Path) -> str:
    """Run promtool and return what it prints; fails the test with it."""
    command = [programs.program("promtool"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def check_behaviour(folder: Path, groups: list[dict[str, Any]], tests: list[dict[str, Any]]) -> str:
    """Run unit tests of rules."""
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": groups}))
    content = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": tests}
    (folder / "tests.yml").write_text(yaml.safe_dump(content))
    return run("test", "rules", folder / "tests.yml")


def series(values: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the input of a test: series with one value a minute."""
    return [{"series": name, "values": each} for name, each in values.items()]
