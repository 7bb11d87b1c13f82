"""Istio's releases as Go modules."""

import pytest

from lab.toolchain import istio_modules
from lab.toolchain.istio_parts import CONTROL_PLANES, ISTIO


def test_a_module_with_another_checksum_is_refused():
    release = istio_modules.RELEASES[0]
    answer = {"Sum": "h1:changed=", "Dir": "/anywhere"}
    with pytest.raises(istio_modules.ReleaseUnavailableError, match=f"not the pinned {release.checksum[:6]}"):
        istio_modules._checked(release, answer)


@pytest.mark.parametrize("part", CONTROL_PLANES.values(), ids=lambda part: part.name)
def test_the_charts_of_a_control_plane_come_from_the_module_of_its_programs(part):
    release = istio_modules.find(part.version)
    pins = (istio_modules.module_folder(part) / "go.mod").read_text()
    assert f"{istio_modules.MODULE} {release.module_version}" in pins


def test_a_version_that_is_not_pinned_is_answered_with_those_that_are():
    with pytest.raises(istio_modules.ReleaseUnavailableError, match=rf"no charts of Istio 1.19.0; there are .*{ISTIO}"):
        istio_modules.find("1.19.0")
