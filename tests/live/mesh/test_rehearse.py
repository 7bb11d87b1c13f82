"""The trial of the proxy's image on every node."""

import time

import pytest

from lab.cluster import faults
from lab.cluster.machines import NODES
from lab.cluster.waiting import wait_until
from tests.support.commands import jobs_left, nodes_with_errors, rehearsed, seconds_until_nothing_is_left
from tests.support.project import Project, kill_session

ODD = "pi-2"


def test_a_node_on_which_envoy_gets_no_memory_is_named_and_the_others_are_well(mesh: Project, figure):
    """The node's containers have few addresses, so that tcmalloc says what it says on a 39-bit kernel."""
    started = time.monotonic()
    with faults.little_address_space(ODD):
        status, found = rehearsed(mesh)
    seconds = time.monotonic() - started
    assert (status, nodes_with_errors(found)) == (1, {ODD})
    envoy = found[ODD, "envoy"]
    assert "MmapAligned() failed" in envoy["message"]
    assert "48-bit addresses" in envoy["fix"]
    for name in ("pi-1", "pi-3"):
        known = {id: one["number"] for (place, id), one in found.items() if place == name and one["level"] == "ok"}
        assert known["page size"] == 4096
        assert known["memory cgroup"] == 256 * 2**20
        assert {"envoy", "packet redirection", "address bits", "clock"} <= known.keys()
    assert jobs_left() == 0
    figure(f"named after {seconds:.0f} s with two other nodes: {envoy['message']}")


@pytest.mark.long
def test_two_minutes_after_a_kill_nothing_of_a_rehearsal_is_left(mesh: Project, figure):
    run = mesh.start_operation("rehearse")
    wait_until("a Job for each node", lambda: jobs_left() == len(NODES), seconds=60)
    kill_session(run)
    assert jobs_left() == len(NODES)
    figure(f"three Jobs and their pods were gone {seconds_until_nothing_is_left():.0f} s after kill -9")
