"""The trial of the proxy's image on every node."""

import time

import pytest

from lab.cluster import faults
from lab.cluster.machines import NODES
from tests.support.project import STACK, Project, kill_session, wait_for
from tests.support.rehearsals import left, nodes_with_errors, rehearsed

LONGEST = 120
"""Seconds after which nothing of a killed command is left."""
ODD = "pi-2"


def jobs() -> int:
    """Return the number of Jobs; pods of an earlier command may still be ending."""
    return len([name for name in left() if name.startswith("Job")])


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
    assert jobs() == 0
    figure(f"named after {seconds:.0f} s with two other nodes: {envoy['message']}")


@pytest.mark.long
def test_two_minutes_after_a_kill_nothing_of_a_rehearsal_is_left(mesh: Project, figure):
    run = mesh.start("python", "-m", "operations", "rehearse", "--stack", STACK)
    wait_for("a Job for each node", lambda: jobs() == len(NODES), seconds=60)
    kill_session(run)
    killed = time.monotonic()
    assert jobs() == len(NODES)
    while left() and time.monotonic() < killed + LONGEST:
        time.sleep(1)
    assert left() == []
    figure(f"three Jobs and their pods were gone {time.monotonic() - killed:.0f} s after kill -9")
