"""The preflight's findings about kernels whose addresses are too short for the proxy."""

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight import kernel_addresses
from tests.support.factories import make_mesh
from tests.support.preflight_problems import problems
from tests.support.snapshots import make_node, make_pis, make_snapshot


@pytest.mark.row(23)
@pytest.mark.parametrize(
    ("kernel", "os_image"),
    [
        ("6.6.31+rpt-rpi-v8", "Debian GNU/Linux 12 (bookworm)"),
        ("6.1.21-v8+", "Debian GNU/Linux 11 (bullseye)"),
    ],
)
def test_a_stock_raspberry_pi_kernel_is_refused_by_node_from_istio_1_22_on(kernel, os_image):
    nodes = (*make_pis(2), make_node("pi-3", kernel=kernel, os_image=os_image))
    (problem,) = problems(make_snapshot(nodes=nodes))
    assert problem.startswith(f"node pi-3: kernel {kernel}")
    assert "39-bit" in problem


def test_a_stock_raspberry_pi_kernel_runs_istio_1_20():
    snapshot = make_snapshot(nodes=make_pis(kernel="6.6.31+rpt-rpi-v8"), version="v1.29.4")
    assert problems(snapshot, istio={"version": "1.20.3"}) == []


@pytest.mark.parametrize("kernel", ["6.8.0-1010-raspi", "6.1.0-18-arm64", "6.12.9-300.fc41.aarch64"])
def test_kernels_of_other_distributions_are_no_problem(kernel):
    assert problems(make_snapshot(nodes=make_pis(kernel=kernel))) == []


def test_a_pi_5_kernel_with_large_pages_is_told_to_try_the_proxy_and_is_not_refused():
    nodes = (*make_pis(2), make_node("pi-3", kernel="6.12.25+rpt-rpi-2712", os_image="Debian GNU/Linux 12 (bookworm)"))
    snapshot = make_snapshot(nodes=nodes)
    assert problems(snapshot) == []
    (found,) = [one for one in kernel_addresses.check(Observation(make_mesh(), snapshot)) if one.level is Level.WARNING]
    assert str(found.subject) == "node pi-3"
    assert "pages of 16 KiB" in found.message
    assert "`python -m operations rehearse -s test`" in found.fix
