"""Istio's charts, packaged as its release builder does it."""

import io
import tarfile

import pytest

from lab.toolchain.packaging import package


@pytest.fixture
def chart(tmp_path):
    """Return a chart as Istio's source tree has it."""
    source = tmp_path / "chart"
    (source / "templates").mkdir(parents=True)
    (source / "Chart.yaml").write_text("name: istiod\nversion: 1.0.0\nappVersion: 1.0.0\n")
    (source / "values.yaml").write_text("_x:\n  global:\n    hub: registry.istio.io/testing\n    tag: latest\n")
    (source / "templates" / "a.yaml").write_text("  tag: latest\n")
    return source


def unpacked(packed: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        return {member.name: file.read().decode() for member in tar if (file := tar.extractfile(member))}


def test_a_packaged_chart_has_the_releases_version_hub_and_tag_and_the_templates_are_left_alone(chart):
    files = unpacked(package(chart, "istiod", "1.2.3"))
    assert files["istiod/Chart.yaml"] == "name: istiod\nversion: 1.2.3\nappVersion: 1.2.3\n"
    assert files["istiod/values.yaml"] == "_x:\n  global:\n    hub: docker.io/istio\n    tag: 1.2.3\n"
    assert files["istiod/templates/a.yaml"] == "  tag: latest\n"


@pytest.mark.parametrize("hub", ["gcr.io/istio-testing", "registry.istio.io/testing"])
def test_the_hub_of_nightly_builds_is_replaced_whichever_it_was(chart, hub):
    (chart / "values.yaml").write_text(f"global:\n  hub: {hub}\n")
    assert unpacked(package(chart, "istiod", "1.2.3"))["istiod/values.yaml"] == "global:\n  hub: docker.io/istio\n"


def test_packaging_twice_gives_the_same_bytes(chart):
    first = package(chart, "istiod", "1.2.3")
    (chart / "values.yaml").touch()
    assert package(chart, "istiod", "1.2.3") == first
