"""What the lab builds: programs that say their version, charts that render, images whose programs run."""

import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from lab.toolchain import charts, images, packaging, path_lookup, programs
from lab.toolchain.catalog import BY_PROGRAM, DEFAULT

CHARTS = [(chart, version) for version in charts.PACKAGED for chart in packaging.CHARTS]
TALKING = sorted(name for name, part in BY_PROGRAM.items() if part.name in DEFAULT and name not in path_lookup.SILENT)


@pytest.fixture(scope="module", autouse=True)
def built():
    """All default parts."""
    programs.ensure()


def rendered(chart: str, version: str) -> str:
    """The chart's manifests with its own values."""
    archive = charts.chart_dir() / f"{chart}-{version}.tgz"
    command = [programs.program("helm"), "template", "x", archive]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def proxy(tmp_path_factory) -> Path:
    """The proxy image's one layer, unpacked."""
    folder = tmp_path_factory.mktemp("proxy")
    archive = next(path for _, path in images.image_tars() if path.stem == "proxyv2")
    with tarfile.open(archive) as tar:
        (layer,) = (member for member in tar if member.name.endswith(".tar"))
        with tarfile.open(fileobj=tar.extractfile(layer)) as content:
            content.extractall(folder, filter="fully_trusted")
    return folder


@pytest.mark.parametrize("name", TALKING)
def test_a_program_says_the_version_of_the_table(name):
    assert path_lookup.version_matches(name, BY_PROGRAM[name], path_lookup.version_output(name, programs.program(name)))


@pytest.mark.parametrize(("chart", "version"), CHARTS)
def test_a_packaged_chart_renders(chart, version):
    assert "kind: " in rendered(chart, version)


@pytest.mark.parametrize("version", charts.PACKAGED)
def test_the_lab_has_the_image_that_a_chart_asks_for(version):
    (wanted,) = set(re.findall(r'image: "(docker.io/istio/pilot:[^"]+)"', rendered("istiod", version)))
    assert wanted in {reference for references, _ in images.image_tars() for reference in references}


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (["/usr/local/bin/envoy", "--version"], "1.40.0"),
        (["/usr/local/bin/pilot-agent", "version"], "1.31.0"),
        (["/usr/sbin/iptables", "-V"], "iptables v1"),
        (["/usr/sbin/iptables-legacy", "-V"], "legacy"),
    ],
)
def test_the_proxy_image_holds_all_that_its_programs_need(proxy, command, answer):
    said = subprocess.run(["chroot", proxy, *command], check=True, capture_output=True, text=True)
    assert answer in said.stdout
