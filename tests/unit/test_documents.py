"""The examples in docs/traffic.md are settings that parse, and that the checks have nothing against."""

import re
from pathlib import Path

import pytest
import yaml

from pi_mesh.checks.finding import errors
from pi_mesh.checks.traffic import run
from tests.support.factories import make_settings

DOCUMENT = Path(__file__).parents[2] / "docs" / "traffic.md"
EXAMPLES = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: " ".join(example))
def test_an_example_is_right(example: dict):
    settings = make_settings(**{key.removeprefix("pi-mesh:"): value for key, value in example.items()})
    assert errors(run(settings, None)) == []


def test_every_part_has_an_example():
    assert {key for example in EXAMPLES for key in example} == {
        "pi-mesh:traffic",
        "pi-mesh:proxy",
        "pi-mesh:observability",
    }
