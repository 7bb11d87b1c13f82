"""The annotations that Renovate reads, with the versions that the program uses."""

import json
import re

from pi_mesh.addons import ALL
from pi_mesh.catalog import cert_manager
from tests.support.shape import ROOT

RENOVATE = json.loads((ROOT / "renovate.json").read_text())
PATTERNS = ("Pulumi.*.yaml", "pi_mesh/**/*.py", "lab/**/*.py", "operations/**/*.py")
TEXTS = {str(path.relative_to(ROOT)): path.read_text() for pattern in PATTERNS for path in ROOT.glob(pattern)}
READ = {
    file: [
        match
        for manager in RENOVATE["customManagers"]
        if any(re.search(pattern.strip("/"), file) for pattern in manager["managerFilePatterns"])
        for expression in manager["matchStrings"]
        for match in re.finditer(expression.replace("(?<", "(?P<"), text)
    ]
    for file, text in TEXTS.items()
}
"""What the regex managers of renovate.json match in each file."""


def test_renovate_reads_every_annotation_of_a_file():
    annotations = {file: text.count("# renovate: ") for file, text in TEXTS.items()}
    assert {file: len(matches) for file, matches in READ.items()} == annotations
    assert "Pulumi.pi-cluster.yaml" in annotations


def test_renovate_asks_the_repositories_that_the_program_installs_from():
    versions = [(addon, addon.model_fields["version"].default) for addon in ALL.values()]
    addons = {(addon.chart, addon.repository, str(version)) for addon, version in versions if version}
    in_code = [match for file, matches in READ.items() if file.endswith(".py") for match in matches]
    asked = {(match["depName"], match["registryUrl"], match["currentValue"]) for match in in_code}
    assert asked == addons | {(cert_manager.CHART, cert_manager.REPOSITORY, cert_manager.VERSION)}


def test_renovate_watches_the_images_of_the_manifests_in_docs():
    """Renovate searches no file for images of Kubernetes by itself."""
    with_images = [f"docs/{path.name}" for path in (ROOT / "docs").glob("*.yaml") if "image: " in path.read_text()]
    (pattern,) = RENOVATE["kubernetes"]["managerFilePatterns"]
    assert [file for file in with_images if not re.search(pattern.strip("/"), file)] == []
