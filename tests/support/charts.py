"""Istio's real charts, rendered by the real helm."""

import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.toolchain import charts, programs
from lab.toolchain.programs import MissingProgramError
from pi_mesh.catalog.istio import facts_of
from pi_mesh.inventory import Release

ELSEWHERE = "PI_MESH_CHARTS"
"""Environment variable with a folder of packaged charts to test with, instead of the lab's."""
REQUIRED = "PI_MESH_CHARTS_REQUIRED"
"""Environment variable with versions, separated by commas, whose charts are required: a test fails without them."""
UNBUILT = "no charts, or no helm: `make built` makes both"


@cache
def folder() -> Path:
    """Return the folder of the charts. Raises MissingProgramError until they and helm, which renders them, are built.

    `make up` builds helm at its first call.
    """
    programs.program("helm")
    return Path(os.environ[ELSEWHERE]) if ELSEWHERE in os.environ else charts.chart_dir()


def each() -> list[str]:
    """Return the versions that there are charts of or must be, oldest first, for a test's parameters.

    None where nothing is built and nothing is required: that skips the test, and spares a run of all others its
    failure.
    """
    required = {version.strip() for version in os.environ.get(REQUIRED, "").split(",")} - {""}
    try:
        found = {path.stem.partition("-")[2] for path in folder().glob("istiod-*.tgz")}
    except MissingProgramError:
        found = set()
    return sorted(found | required, key=lambda version: [int(part) for part in version.split(".")])


def versions() -> list[str]:
    """Return the same inside a test; skip it where there are none."""
    return each() or pytest.skip(UNBUILT)


def render(release: Release, istio: str = "") -> list[dict[str, Any]]:
    """Return the objects of a release; of an addon beside a version of `istio`. Fails where the chart refuses it."""
    return [item for item in yaml.load_all(template(release, istio), Loader=yaml.CSafeLoader) if item]


def template(release: Release, istio: str = "") -> str:
    """Return the same objects as YAML text: base's CRDs take seconds to parse."""
    kubernetes = f"1.{facts_of(istio or release.image_version).kubernetes[1]}.0"
    return _template(release.name, release.chart, release.version, kubernetes, yaml.dump(release.values))


@cache
def _template(name: str, chart: str, version: str, kubernetes: str, values: str) -> str:
    file = package(chart, version)
    command = [programs.program("helm"), "template", name, file, "--values", "-"]
    command += ["--namespace", "istio-system", "--kube-version", kubernetes]
    done = subprocess.run(command, input=values, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{chart} {version}: {done.stderr}"
    return done.stdout


def package(chart: str, version: str) -> Path:
    """Return the packaged chart. Skips the test without it; fails it if it is required, or if the set is incomplete."""
    try:
        file = folder() / f"{chart}-{version}.tgz"
    except MissingProgramError as error:
        if REQUIRED in os.environ:
            pytest.fail(f"{REQUIRED} names Istio {version}: {error}")
        pytest.skip(UNBUILT)
    if not file.is_file():
        pytest.fail(f"{file} is not there, and {REQUIRED} is {os.environ.get(REQUIRED, 'not set')!r}")
    return file


def only(items: list[dict[str, Any]], kind: str, name: str | None = None) -> dict[str, Any]:
    """Return the one object of this kind, and of this name where one is given."""
    (found,) = (item for item in items if item["kind"] == kind and name in (None, item["metadata"]["name"]))
    return found


def has(release: Release) -> bool:
    """Return True if the folder has the release's chart."""
    try:
        return (folder() / f"{release.chart}-{release.version}.tgz").is_file()
    except MissingProgramError:
        return False
