"""The warnings that announce a refusal in the next version."""

import tomllib
from pathlib import Path

from pi_mesh.checks.finding import Level, setting
from pi_mesh.checks.next_version import NEXT, refused_next

PROJECT = Path(__file__).parents[4] / "pyproject.toml"


def test_the_version_that_refuses_is_yet_to_come():
    # Where this fails, make the findings of `refused_next` errors, or name a later version.
    own = tomllib.loads(PROJECT.read_text())["project"]["version"]
    assert [int(part) for part in own.split(".")[:3]] < [int(part) for part in NEXT.split(".")]


def test_the_warning_names_that_version():
    finding = refused_next("id", setting("a.b"), "does nothing", "remove it")
    assert finding.level is Level.WARNING
    assert finding.message == f"does nothing; pi-mesh {NEXT} refuses it"
