"""The check that the nodes know native sidecars."""

import pytest

from pi_mesh.checks.preflight.native_sidecars import check
from tests.support.factories import make_mesh
from tests.support.snapshots import make_node, make_snapshot


def told(kubelet: str, native: bool | None = True) -> list[str]:
    proxy = {} if native is None else {"nativeSidecars": native}
    return [
        str(finding) for finding in check(make_mesh(proxy=proxy), make_snapshot(nodes=(make_node(kubelet=kubelet),)))
    ]


def test_a_kubelet_that_does_not_know_them_is_named():
    assert told("v1.28.4+k3s1") == [
        "node pi-1: has kubelet v1.28.4+k3s1, which does not know native sidecars (proxy.nativeSidecars): no pod "
        "would start; upgrade it to 1.29 or newer, or remove proxy.nativeSidecars"
    ]


@pytest.mark.parametrize("kubelet", ["v1.29.0", "v1.36.3+k3s1", ""])
def test_a_kubelet_that_knows_them_or_says_nothing_is_fine(kubelet):
    assert told(kubelet) == []


@pytest.mark.parametrize("native", [False, None])
def test_without_them_every_kubelet_is_fine(native):
    assert told("v1.27.0", native) == []
