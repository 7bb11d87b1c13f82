"""Judgement of a node's clock, disks and memory limits."""

from dataclasses import replace

import pytest

from operations.rehearse import judgement
from operations.rehearse.judgement import BITS, CLOCK, DISK, ENVOY, IMAGE, MEMORY, PAGES, REDIRECTION, Judge
from operations.rehearse.trial import ContainerRun, NodeCounters, Trial
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.cluster.kubelet import Disk, Offset
from pi_mesh.cluster.pod_lifecycle import Startup
from pi_mesh.quantities import MI
from tests.support.factories import make_settings

GI = 1024 * MI
WELL = NodeCounters(Offset(-1, 1), [Disk("images", 20 * GI, 30 * GI)], 256 * MI)


def judged(**told: object) -> dict[str, Finding]:
    return {finding.id: finding for finding in judgement.node_findings("pi-1", replace(WELL, **told))}


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


AUXV = "AT_HWCAP: 178bfbff\nAT_PAGESZ:            {}\nAT_RANDOM:            0x{}\nAT_PLATFORM:          aarch64\n"
PI = AUXV.format(4096, "fffff7a11c48")
PI_OS = AUXV.format(4096, "7ff7a11c48")
SAID = "\n/usr/local/bin/envoy  version: 9e5580/1.40.0/Clean/RELEASE/BoringSSL\n"
MMAP = "12 tcmalloc/internal/system_allocator.h:585] MmapAligned() failed - unable to allocate with tag\nmore\n"
DONE = ContainerRun(0, reason="Completed")
ABORTED = ContainerRun(134, reason="Error", log=MMAP)
WELL_OF_TRIAL_JUDGEMENT = Trial(
    containers={
        "version": replace(DONE, log=PI + SAID),
        "envoy": ContainerRun(ready=True),
        "iptables": DONE,
        "nftables": DONE,
    },
    seconds=12.3,
)
KERNEL = "run a kernel with 48-bit addresses there, or Istio 1.20 or 1.21 (istio/istio#51708)"


def judged_of_trial_judgement(trial: Trial, **settings: object) -> dict[str, Finding]:
    return {finding.id: finding for finding in Judge("pi-1", make_settings(**settings), trial).findings()}


def with_runs(**runs: ContainerRun) -> Trial:
    return replace(WELL_OF_TRIAL_JUDGEMENT, containers={**WELL_OF_TRIAL_JUDGEMENT.containers, **runs})


def test_a_node_on_which_all_works_says_what_was_seen():
    found = judged_of_trial_judgement(WELL_OF_TRIAL_JUDGEMENT)
    assert {finding.level for finding in found.values()} == {Level.OK}
    assert found[IMAGE].message == "docker.io/istio/proxyv2:1.31.0 is there, after 12 s"
    assert found[IMAGE].number == 12.3
    assert found[ENVOY].message == "Envoy 1.40.0 of Istio 1.31.0 allocates memory and serves"
    assert (found[PAGES].number, found[BITS].number) == (4096, 48)


def test_a_39_bit_kernel_is_named_by_what_envoy_does_there_with_its_cure():
    found = judged_of_trial_judgement(with_runs(version=replace(ABORTED, log=PI_OS + MMAP), envoy=ABORTED))
    assert found[ENVOY].level is Level.ERROR
    assert "does not run: MmapAligned() failed" in found[ENVOY].message
    assert found[ENVOY].fix == KERNEL
    assert (found[BITS].level, found[BITS].number) == (Level.WARNING, 39)


@pytest.mark.parametrize(("address", "bits"), [("7ff7a11c48", 39), ("7ffff7a11c48", 47), ("fffff7a11c48", 48)])
def test_a_board_on_which_envoy_serves_is_well_whatever_its_kernel(address, bits):
    found = judged_of_trial_judgement(with_runs(version=replace(DONE, log=AUXV.format(16384, address) + SAID)))
    assert (found[BITS].level, found[BITS].number) == (Level.OK, bits)
    assert (found[PAGES].level, found[PAGES].number) == (Level.OK, 16384)


def test_large_pages_are_the_cause_only_where_envoy_fails():
    crashed = ContainerRun(139, reason="Error", log="Segmentation fault\n")
    found = judged_of_trial_judgement(
        with_runs(version=replace(DONE, log=AUXV.format(16384, "7ffff7a11c48")), envoy=crashed)
    )
    assert found[ENVOY].message == "Envoy of Istio 1.31.0 does not run: Segmentation fault"
    assert "4 KiB pages and 48-bit addresses" in found[ENVOY].fix
    assert found[PAGES].level is Level.WARNING


def test_an_image_for_another_processor_is_named():
    foreign = ContainerRun(1, reason="Error", log="exec /usr/local/bin/envoy: exec format error\n")
    found = judged_of_trial_judgement(with_runs(**dict.fromkeys(WELL_OF_TRIAL_JUDGEMENT.containers, foreign)))
    for id in (ENVOY, REDIRECTION):
        assert "exec format error" in found[id].message
        assert "cluster.architecture" in found[id].fix
    assert found[PAGES].message == "is unknown: Envoy does not start there"


def test_what_a_loader_does_not_tell_is_unknown_and_not_guessed():
    found = judged_of_trial_judgement(with_runs(version=replace(DONE, log=SAID)))
    assert {found[id].level for id in (PAGES, BITS)} == {Level.UNKNOWN}


def test_a_node_without_ip_tables_is_cured_by_native_nftables():
    failed = ContainerRun(1, reason="Error", log="error iptables: Table does not exist (do you need to insmod?)\n")
    found = judged_of_trial_judgement(with_runs(iptables=failed))[REDIRECTION]
    assert found.level is Level.ERROR
    assert "Table does not exist" in found.message
    assert found.message.endswith("by nftables it works")
    assert found.fix == "set istio.values.global.nativeNftables: true (Istio 1.27 and newer)"


def test_with_native_nftables_iptables_is_not_needed():
    native = {"values": {"global": {"nativeNftables": True}}}
    failed = ContainerRun(1, reason="Error")
    assert judged_of_trial_judgement(with_runs(iptables=failed), istio=native)[REDIRECTION].level is Level.OK
    other = judged_of_trial_judgement(with_runs(nftables=failed), istio=native)[REDIRECTION]
    assert (other.level, other.fix) == (Level.ERROR, "remove istio.values.global.nativeNftables: true")


def test_a_node_with_neither_needs_its_kernel_modules():
    failed = ContainerRun(1, reason="Error")
    found = judged_of_trial_judgement(with_runs(iptables=failed, nftables=failed))[REDIRECTION]
    assert found.message.endswith("by nftables it does not work either")
    assert "modprobe" in found.fix


def test_an_image_that_does_not_come_is_an_error_with_the_cause_and_the_rest_is_unknown():
    state = Startup("pod x/y", "ImagePullBackOff", "manifest unknown", tries=3)
    found = judged_of_trial_judgement(Trial(startup=state))
    assert found[IMAGE].level is Level.ERROR
    assert "ImagePullBackOff (not in the registry): manifest unknown" in found[IMAGE].message
    assert found[IMAGE].fix == "correct images.hub or istio.version"
    assert {found[id].level for id in (ENVOY, PAGES, BITS, REDIRECTION)} == {Level.UNKNOWN}


def test_a_node_that_runs_no_pod_of_the_trial_is_unknown():
    found = judged_of_trial_judgement(Trial("OutOfcpu: Node didn't have enough resource: cpu"))
    assert {finding.level for finding in found.values()} == {Level.UNKNOWN}
    assert "OutOfcpu" in found[IMAGE].message


def test_a_node_whose_containers_end_nowhere_is_unknown():
    """A simulated node says that its containers run, and has no logs."""
    runs = {name: ContainerRun(ready=True) for name in ("version", "iptables")}
    found = judged_of_trial_judgement(with_runs(**runs))
    assert found[REDIRECTION].level is Level.UNKNOWN
    assert found[BITS].level is Level.UNKNOWN


@pytest.mark.parametrize(
    ("address", "level", "bits"), [("7ffff7a11c48", Level.OK, 47), ("3ffff7a11c48", Level.WARNING, 46)]
)
def test_where_envoy_fails_a_kernel_with_half_of_48_bits_is_not_the_cause(address, level, bits):
    found = judged_of_trial_judgement(with_runs(version=replace(DONE, log=AUXV.format(4096, address)), envoy=ABORTED))[
        BITS
    ]
    assert (found.level, found.number) == (level, bits)
    assert found.message == (f"are {bits}" if level is Level.OK else f"are {bits}, and Envoy does not run")


def test_an_envoy_that_starts_and_never_serves_lacks_cpu():
    found = judged_of_trial_judgement(with_runs(envoy=ContainerRun()))[ENVOY]
    assert (found.level, found.fix) == (Level.ERROR, "see its CPU limit")
    assert found.message == "Envoy starts, and does not become ready in time"


def test_an_envoy_of_which_no_program_ended_is_unknown():
    found = judged_of_trial_judgement(with_runs(envoy=ContainerRun(), version=ContainerRun()))[ENVOY]
    assert (found.level, found.message) == (Level.UNKNOWN, "Envoy runs, and did not become ready in time")


def test_an_envoy_that_tells_no_version_serves_too():
    found = judged_of_trial_judgement(with_runs(version=replace(DONE, log=PI)))[ENVOY]
    assert (found.level, found.message) == (Level.OK, "Envoy of Istio 1.31.0 allocates memory and serves")


def test_a_failure_of_another_cause_leads_to_the_kernels_log():
    found = judged_of_trial_judgement(with_runs(envoy=ContainerRun(1, reason="Error", log="first\nno such file\n")))[
        ENVOY
    ]
    assert found.message == "Envoy of Istio 1.31.0 does not run: no such file"
    assert found.fix == "see the whole of it: `kubectl describe node pi-1` and the kernel's log"


def test_a_loader_that_is_not_glibcs_is_named():
    found = judged_of_trial_judgement(with_runs(version=replace(DONE, log=SAID)))
    assert found[PAGES].message == "is unknown: the image's loader is not glibc's, and does not tell"
    assert found[BITS].message == "are unknown: the image's loader is not glibc's, and does not tell"


def test_an_image_that_does_not_start_for_no_known_cause_leads_to_the_node():
    found = judged_of_trial_judgement(Trial(startup=Startup("pod x/y", "Mystery")))[IMAGE]
    assert found.message.endswith(" does not start: Mystery: no reason given")
    assert found.fix == "see `kubectl describe node pi-1`"
