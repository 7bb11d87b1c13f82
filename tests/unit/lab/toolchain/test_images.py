"""The images that the lab's nodes run."""

from pathlib import Path

import pytest

from lab.toolchain import images, istio_images, libraries
from lab.toolchain.cache import part_folder
from lab.toolchain.istio_parts import CONTROL_PLANES

OLDER = [*CONTROL_PLANES][1]
PUBLISHED = {"pilot-agent", "envoy", "xtables-nft-multi", "xtables-legacy-multi", "nft"}
"""Programs of the distroless proxyv2 image, which has no shell: istio/istio, pilot/docker/Dockerfile.proxyv2 and
docker/iptables.yaml (nftables-slim since 1.28), and wolfi-dev/os, iptables.yaml."""


@pytest.fixture(autouse=True)
def _parts_are_there(monkeypatch):
    """Look up no program, and no library or iptables of the machine."""
    monkeypatch.setattr(istio_images, "file", lambda part, place: Path(part) / place)
    monkeypatch.setattr(images, "program", Path)
    monkeypatch.setattr(istio_images.libraries, "with_libraries", dict)
    monkeypatch.setattr(istio_images.libraries, "iptables", lambda: ({}, {}))


def test_the_archives_of_another_version_lie_with_its_part_and_go_with_it(tool_cache, monkeypatch):
    monkeypatch.setattr(images.image_archive, "write", lambda image, target: target.write_text(image.reference))
    part_folder(CONTROL_PLANES[OLDER]).mkdir(parents=True)
    written = images.istio_tars(OLDER)
    assert [(reference, path.read_text()) for reference, path in written] == [(ref, ref) for ref, _ in written]
    assert all(path.is_relative_to(part_folder(CONTROL_PLANES[OLDER])) for _, path in written)
    assert all(path.is_relative_to(tool_cache) for _, path in written)


@pytest.mark.parametrize("version", CONTROL_PLANES)
def test_the_proxys_image_has_no_program_that_the_published_distroless_one_lacks(version, monkeypatch):
    tables = {str(libraries.SBIN / name): Path(name) for name in libraries.TABLES}
    monkeypatch.setattr(istio_images.libraries, "iptables", lambda: (tables, {}))
    held = map(Path, istio_images.images(version)["proxyv2"].files)
    assert {place.name for place in held if place.parent.name in ("bin", "sbin")} <= PUBLISHED
