"""Istio's releases as Go modules."""

import pytest

from lab.toolchain import istio_modules


def test_a_module_with_another_checksum_is_refused():
    release = istio_modules.RELEASES[0]
    answer = {"Sum": "h1:changed=", "Dir": "/anywhere"}
    with pytest.raises(istio_modules.ReleaseUnavailableError, match=f"not the pinned {release.checksum[:6]}"):
        istio_modules._checked(release, answer)
