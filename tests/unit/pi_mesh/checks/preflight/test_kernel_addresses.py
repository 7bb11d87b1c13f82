"""The preflight's findings about kernels whose addresses are too short for the proxy."""

import pytest

from pi_mesh.checks.preflight.kernel_addresses import check
from tests.support.findings import case, table
from tests.support.preflight_problems import observation, problems
from tests.support.snapshots import make_node, make_pis, make_snapshot
from tests.support.versions import SHIPPED

STOCK, BOOKWORM = "6.6.31+rpt-rpi-v8", "Debian GNU/Linux 12 (bookworm)"
PI_5 = {"kernel": "6.12.25+rpt-rpi-2712", "os_image": BOOKWORM}


@pytest.mark.row(23)
@pytest.mark.parametrize("kernel", [STOCK, "6.1.21-v8+"])
def test_a_stock_raspberry_pi_kernel_is_refused_by_node_from_istio_1_22_on(kernel):
    nodes = (*make_pis(2), make_node("pi-3", kernel=kernel, os_image=BOOKWORM))
    (problem,) = problems(make_snapshot(nodes=nodes))
    assert problem.startswith(f"node pi-3: kernel {kernel} ({BOOKWORM}) has 39-bit addresses")


@table(
    case("a stock kernel under Istio 1.20", {"kernel": STOCK}, SHIPPED, "ok", "runs on any arm64 kernel", ""),
    case("Ubuntu", {"kernel": "6.8.0-1010-raspi"}, "1.22.8", "ok", "no stock Raspberry Pi OS kernel", ""),
    case("Debian", {"kernel": "6.1.0-18-arm64"}, "1.22.8", "ok", "no stock Raspberry Pi OS kernel", ""),
    case("Fedora", {"kernel": "6.12.9-300.fc41.aarch64"}, "1.22.8", "ok", "no stock Raspberry Pi OS kernel", ""),
    case("another architecture", {"kernel": STOCK, "architecture": "amd64"}, "1.22.8", "ok", "no stock Raspberry Pi",
        ""),
    case("one with large pages", PI_5, "1.22.8", "warning", "has pages of 16 KiB", "`python -m operations rehearse"),
)  # fmt: skip
def test_other_kernels_are_not_refused_and_those_with_large_pages_are_told_to_try(node, version, level, words, fix):
    finding, *_ = check(observation(make_snapshot(nodes=(make_node(**node),)), istio={"version": version}))
    assert finding.level == level
    assert words in finding.message
    assert finding.fix.startswith(fix)
