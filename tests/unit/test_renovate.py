"""The annotations that Renovate reads, with the versions that the program uses."""

import json
import re
from pathlib import Path

import pytest

from pi_mesh.addons import ALL
from pi_mesh.catalog import cert_manager

ROOT = Path(__file__).parents[2]
MARK = "# renovate: "
ANNOTATED = sorted(
    path.relative_to(ROOT)
    for pattern in ("Pulumi.*.yaml", "pi_mesh/**/*.py", "lab/**/*.py", "operations/**/*.py")
    for path in ROOT.glob(pattern)
    if MARK in path.read_text()
)


def read_by_renovate(file: Path) -> list[re.Match[str]]:
    """Return the matches of renovate.json's regex managers in the file."""
    managers = json.loads((ROOT / "renovate.json").read_text())["customManagers"]
    text = (ROOT / file).read_text()
    return [
        match
        for manager in managers
        if any(re.search(pattern.strip("/"), str(file)) for pattern in manager["managerFilePatterns"])
        for expression in manager["matchStrings"]
        for match in re.finditer(expression.replace("(?<", "(?P<"), text)
    ]


@pytest.mark.parametrize("file", ANNOTATED, ids=str)
def test_renovate_reads_every_annotation_of_a_file(file: Path):
    assert len(read_by_renovate(file)) == (ROOT / file).read_text().count(MARK)


def test_renovate_asks_the_repositories_that_the_program_installs_from():
    installed = {(cert_manager.CHART, cert_manager.REPOSITORY, cert_manager.VERSION)} | {
        (addon.chart, addon.repository, str(addon.model_fields["version"].default))
        for addon in ALL.values()
        if addon.model_fields["version"].default
    }
    asked = {
        (match["depName"], match["registryUrl"], match["currentValue"])
        for file in ANNOTATED
        if file.suffix == ".py"
        for match in read_by_renovate(file)
    }

    assert asked == installed


def test_renovate_watches_the_images_of_the_manifest_that_a_newcomer_applies():
    """Renovate searches no file for images of Kubernetes by itself."""
    patterns = json.loads((ROOT / "renovate.json").read_text())["kubernetes"]["managerFilePatterns"]
    assert [file for file in _manifests() if any(re.search(one.strip("/"), file) for one in patterns)] == _manifests()


def _manifests() -> list[str]:
    """Return the manifests in docs that name an image."""
    return [f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.yaml")) if "image: " in path.read_text()]
