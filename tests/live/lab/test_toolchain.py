"""The lab's builds: programs with a version, charts that render, images whose programs run."""

import re
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.cluster.binaries import AT_FIRST_CALL
from lab.toolchain import charts, images, packaging, programs
from lab.toolchain.catalog import BY_PROGRAM, DEFAULT
from lab.toolchain.istio_parts import CONTROL_PLANES
from tests.live.versions import LAB, LAB_BEFORE

CHARTS = [(chart, version) for version in charts.PACKAGED for chart in packaging.CHARTS]
VERSIONS = [
    pytest.param(version, marks=() if version in (LAB, LAB_BEFORE) else pytest.mark.long) for version in CONTROL_PLANES
]
BUILT = (*DEFAULT, *AT_FIRST_CALL)
TALKING = sorted(name for name, part in BY_PROGRAM.items() if part.name in BUILT and name not in programs.SILENT)


@pytest.fixture(scope="module", autouse=True)
def built(visibly):
    """Build all default parts, and those that a user's first call builds."""
    visibly(programs.ensure, BUILT)


def rendered(chart: str, version: str) -> str:
    """Return the chart's manifests with its own values."""
    archive = charts.chart_dir() / f"{chart}-{version}.tgz"
    command = [programs.program("helm"), "template", "x", archive]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def archives(visibly) -> Callable[[str], dict[str, Path]]:
    """Return `archives(LAB)`: reference -> archive of the images for that Istio, built if needed."""

    def archives_of(version: str) -> dict[str, Path]:
        visibly(programs.ensure, [CONTROL_PLANES[version].name])
        return dict(images.image_tars() if version == LAB else images.istio_tars(version))

    return archives_of


def unpacked(archive: Path, folder: Path) -> Path:
    """Return the folder with the unpacked single layer of an image."""
    with tarfile.open(archive) as tar:
        (layer,) = (member for member in tar if member.name.endswith(".tar"))
        with tarfile.open(fileobj=tar.extractfile(layer)) as content:
            content.extractall(folder, filter="fully_trusted")
    return folder


def said(image: Path, *command: str) -> str:
    """Return the output of a program of an unpacked image."""
    return subprocess.run(["chroot", image, *command], check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def proxy(archives, tmp_path_factory) -> Path:
    """Return the proxy image of the lab's own version, unpacked."""
    return unpacked(archives(LAB)[f"{packaging.HUB}/proxyv2:{LAB}"], tmp_path_factory.mktemp("proxy"))


@pytest.mark.parametrize("name", TALKING)
def test_a_program_says_the_version_of_the_table(name):
    assert programs.version_matches(name, BY_PROGRAM[name], programs.version_output(name, programs.program(name)))


@pytest.mark.parametrize(("chart", "version"), CHARTS)
def test_a_packaged_chart_renders(chart, version):
    assert "kind: " in rendered(chart, version)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_lab_has_the_image_that_a_chart_asks_for(archives, version):
    (image,) = set(re.findall(r'image: "(docker.io/istio/pilot:[^"]+)"', rendered("istiod", version)))
    assert image in archives(version)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("image", "program"), [("pilot", "pilot-discovery"), ("proxyv2", "pilot-agent")])
def test_the_program_in_an_image_says_the_version_of_its_tag(archives, version, image, program, tmp_path):
    whole = unpacked(archives(version)[f"{packaging.HUB}/{image}:{version}"], tmp_path)
    assert f'Version:"{version}"' in said(whole, f"/usr/local/bin/{program}", "version")


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (["/usr/local/bin/envoy", "--version"], "1.40.0"),
        (["/usr/sbin/iptables", "-V"], "iptables v1"),
        (["/usr/sbin/iptables-legacy", "-V"], "legacy"),
    ],
)
def test_the_proxy_image_holds_all_that_its_programs_need(proxy, command, answer):
    assert answer in said(proxy, *command)
