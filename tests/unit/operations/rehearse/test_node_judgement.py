"""Judgement of a node's clock, disks and memory limits."""

from dataclasses import replace

import pytest

from operations.rehearse import node_judgement
from operations.rehearse.node_counters import NodeCounters
from operations.rehearse.node_judgement import CLOCK, DISK, MEMORY
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.cluster.kubelet import Disk, Offset
from pi_mesh.quantities import MI

GI = 1024 * MI
WELL = NodeCounters(Offset(-1, 1), [Disk("images", 20 * GI, 30 * GI)], 256 * MI)


def judged(**told: object) -> dict[str, Finding]:
    return {finding.id: finding for finding in node_judgement.findings("pi-1", replace(WELL, **told))}


def test_a_well_node_says_what_its_kubelet_told():
    found = judged()
    assert {finding.level for finding in found.values()} == {Level.OK}
    assert found[MEMORY].message == "holds the trial's Envoy to 256Mi"
    assert found[DISK].message == "20480Mi of 30720Mi (67%) are free for images"


@pytest.mark.parametrize(
    ("least", "most", "level", "says"),
    [
        (8, 10, Level.OK, "agrees"),
        (-3, 200, Level.OK, "agrees"),
        (9.5, 12, Level.OK, "agrees"),
        (10, 12, Level.WARNING, "is 10 s ahead of the API server's"),
        (-12, -10, Level.WARNING, "is 10 s behind the API server's"),
        (119, 121, Level.WARNING, "is 119 s ahead of the API server's"),
        (120, 122, Level.ERROR, "is 120 s ahead of the API server's: certificates from istiod"),
        (15, 17, Level.WARNING, "is 15 s ahead of the API server's"),
        (-62, -60, Level.WARNING, "is 60 s behind the API server's"),
        (130, 132, Level.ERROR, "is 130 s ahead of the API server's: certificates from istiod"),
        (-4000, -3998, Level.ERROR, "is 3998 s behind"),
    ],
)
def test_a_clock_that_is_off_is_named_with_its_cure(least, most, level, says):
    found = judged(clock=Offset(least, most))[CLOCK]
    assert found.level is level
    assert says in found.message
    assert ("timedatectl" in found.fix) is (level is not Level.OK)


def test_a_disk_on_which_the_kubelet_would_remove_the_image_again_is_a_warning():
    found = judged(disks=[Disk("images", 2 * GI, 30 * GI)])[DISK]
    assert (found.level, found.number) == (Level.WARNING, 2 * GI)
    assert "removes unused images" in found.fix


def test_a_kernel_without_the_memory_cgroup_holds_nothing_to_its_limit():
    found = judged(memory_limit=0)[MEMORY]
    assert found.level is Level.ERROR
    assert "cgroup_enable=memory" in found.fix


def test_without_the_right_to_nodes_proxy_nothing_is_guessed():
    reason = "the kubeconfig's user has no right to get nodes/proxy"
    found = judged(clock=reason, disks=reason, memory_limit=reason)
    assert {finding.level for finding in found.values()} == {Level.UNKNOWN}
    assert all("nodes/proxy" in finding.message and finding.fix for finding in found.values())


def test_a_kubelet_that_tells_of_no_disk_leaves_it_unknown():
    assert judged(disks=[])[DISK].level is Level.UNKNOWN


def test_a_disk_that_is_just_free_enough_is_well():
    found = judged(disks=[Disk("images", 3 * GI, 20 * GI)])[DISK]
    assert (found.level, found.number) == (Level.OK, 3 * GI)
