"""Judgement of a node's clock, disks and memory limits, and of its trial of the proxy's image."""

from contextlib import nullcontext
from dataclasses import replace

import pytest

from operations.rehearse import judgement
from operations.rehearse.judgement import DISK, ENVOY, IMAGE, MEMORY, REDIRECTION, Judge
from operations.rehearse.trial import ContainerRun, NodeCounters, Trial
from pi_mesh.checks.finding import Finding, Level, Subject
from pi_mesh.checks.verify import clock
from pi_mesh.cluster.kubelet import Disk, Offset
from pi_mesh.cluster.pod_lifecycle import Startup
from pi_mesh.quantities import MI
from tests.support.factories import make_settings
from tests.support.snapshots import make_node, make_snapshot
from tests.support.versions import NEWEST

GI = 1024 * MI
OK, WARNING, ERROR, UNKNOWN = Level.OK, Level.WARNING, Level.ERROR, Level.UNKNOWN
NO_RIGHT = "the kubeconfig's user has no right to get nodes/proxy"


def node(**answers: object) -> dict[str, Finding]:
    """Return the findings of a well node, but for these answers of its kubelet."""
    well = NodeCounters(Offset(-1, 1), [Disk("images", 20 * GI, 30 * GI)], 256 * MI)
    return {finding.id: finding for finding in judgement.node_findings("pi-1", replace(well, **answers))}


@pytest.mark.parametrize(("answers", "check", "level", "number", "words"), [
    pytest.param({}, MEMORY, OK, 256 * MI, "holds the trial's Envoy to 256Mi", id="a limit that is held"),
    pytest.param({"memory_limit": 0}, MEMORY, ERROR, None, "cgroup_enable=memory", id="no memory cgroup"),
    pytest.param({}, DISK, OK, 20 * GI, "20480Mi of 30720Mi (67%) are free for images", id="a free disk"),
    pytest.param({"disks": [Disk("images", 3 * GI, 20 * GI)]}, DISK, OK, 3 * GI, "", id="just free enough"),
    pytest.param({"disks": [Disk("images", 2 * GI, 30 * GI)]}, DISK, WARNING, 2 * GI, "removes unused images",
                 id="a disk on which the kubelet would remove the image again"),
    pytest.param({"disks": []}, DISK, UNKNOWN, None, "", id="a kubelet that tells of no disk"),
    *(pytest.param({name: NO_RIGHT}, check, UNKNOWN, None, "nodes/proxy", id=f"no right to the {name}")
      for name, check in (("clock", clock.ID), ("disks", DISK), ("memory_limit", MEMORY))),
])  # fmt: skip
def test_a_node_is_judged_by_what_its_kubelet_tells(answers, check, level, number, words):
    finding = node(**answers)[check]
    assert (finding.level, finding.number) == (level, number)
    assert words in str(finding)
    assert bool(finding.fix) is (level in (WARNING, ERROR) or words == "nodes/proxy")


VERSION = "\n/usr/local/bin/envoy  version: 9e5580/1.40.0/Clean/RELEASE/BoringSSL\n"
MMAP = "12 tcmalloc/internal/system_allocator.h:585] MmapAligned() failed - unable to allocate with tag\nmore\n"
DONE, ABORTED = ContainerRun(0, reason="Completed"), ContainerRun(134, reason="Error", log=MMAP)
TOLD = replace(DONE, log=VERSION)
WELL = {"version": TOLD, "envoy": ContainerRun(ready=True), "iptables": DONE, "nftables": DONE}
NATIVE = {"values": {"global": {"nativeNftables": True}}}


def failing(log: str = "", code: int = 1) -> ContainerRun:
    return ContainerRun(code, reason="Error", log=log)


def judged(trial: Trial, **settings: object) -> dict[str, Finding]:
    return {finding.id: finding for finding in Judge("pi-1", make_settings(**settings), trial).findings()}


def trial(**runs: ContainerRun) -> dict[str, Finding]:
    """Return the findings of a trial that went well, but for these containers."""
    return judged(Trial(containers={**WELL, **runs}, seconds=12.3))


def test_a_node_on_which_all_works_says_what_was_seen():
    findings = trial()
    assert {finding.level for finding in findings.values()} == {OK}
    assert findings[IMAGE].message == f"docker.io/istio/proxyv2:{NEWEST} is there, after 12 s"
    assert findings[ENVOY].message == f"Envoy 1.40.0 of Istio {NEWEST} allocates memory and serves"
    assert findings[IMAGE].number == 12.3


QUOTE = "error initializing configuration 'f': Unable to parse JSON as proto (INVALID_ARGUMENT: near 1:1): {}\n"
COOL = "use a supply", "cool it"
LOW, SLOW = "WARNING has too low a voltage", "WARNING runs at a lowered frequency"
SLOWED = "WARNING ran at a lowered frequency"


@pytest.mark.parametrize(("temperature", "throttled", "said"), [
    ("48312", "0", ["OK is 48 °C hot", "OK has had its voltage and its frequency since its start"]),
    ("74999", "", ["OK is 75 °C hot"]),
    ("75000", "", ["WARNING is 75 °C hot; at 80 °C its CPU is slowed"]),
    ("", "1", [LOW]),
    ("", "8", [SLOW]),
    ("", "50005", [LOW, SLOW, f"{LOW.replace('has', 'had')} since its start", f"{SLOWED} since its start"]),
    ("", "", []),
])  # fmt: skip
def test_a_board_is_judged_by_what_it_shows_of_heat_and_voltage(temperature, throttled, said):
    texts = {"temperature": temperature, "throttled": throttled}
    told = {name: failing(QUOTE.format(text) if text else "Invalid path: f") for name, text in texts.items()}
    findings = list(judgement.board_findings(Subject("node", "pi-1"), Trial(containers={**WELL, **told})))
    assert [f"{finding.level.name} {finding.message}" for finding in findings] == said
    assert all(finding.fix.startswith(COOL) for finding in findings if finding.level is WARNING)


def test_each_ready_board_is_asked_by_a_job_of_its_own(monkeypatch):
    jobs: list[str] = []

    def running(_client, trials, *_):
        jobs.extend(trial.pod["nodeName"] for trial in trials.values())
        hot = {"temperature": failing(QUOTE.format("81000"))}
        return nullcontext({"pi-1": Trial(containers=hot), "pi-2": Trial("its Job was refused: no right")})

    monkeypatch.setattr(judgement, "Client", lambda _: nullcontext(None))
    monkeypatch.setattr(judgement.trial, "running_trials", running)
    nodes = (make_node("pi-1"), make_node("pi-2"), make_node("pi-3", cordoned=True))
    findings = judgement.boards(make_settings(), "dev", make_snapshot(nodes=nodes), print)
    assert jobs == ["pi-1", "pi-2"]
    assert [(finding.level, finding.name, finding.message) for finding in findings] == [
        (WARNING, "pi-1", "is 81 °C hot; at 80 °C its CPU is slowed"),
        (UNKNOWN, "pi-2", "was not asked: its Job was refused: no right"),
    ]


FOREIGN = dict.fromkeys(WELL, failing("exec /usr/local/bin/envoy: exec format error\n"))
NO_TABLES = failing("error iptables: Table does not exist (do you need to insmod?)\n")


@pytest.mark.parametrize(("runs", "check", "level", "message", "fix"), [
    pytest.param({"version": replace(ABORTED, log=MMAP), "envoy": ABORTED}, ENVOY,
                 ERROR, "does not run: MmapAligned() failed",
                 "run a kernel with 48-bit addresses there, or Istio 1.20 or 1.21 (istio/istio#51708)", id="39 bits"),
    pytest.param(FOREIGN, ENVOY, ERROR, "exec format error", "cluster.architecture", id="for another processor"),
    pytest.param(FOREIGN, REDIRECTION, ERROR, "exec format error", "cluster.architecture", id="of another processor"),
    pytest.param({"version": DONE}, ENVOY, OK, f"Envoy of Istio {NEWEST} allocates memory and serves", "",
                 id="an envoy that tells no version"),
    pytest.param({"envoy": ContainerRun()}, ENVOY, ERROR, "Envoy starts, and does not become ready in time",
                 "see its CPU limit", id="an envoy that starts and never serves lacks CPU"),
    pytest.param({"envoy": ContainerRun(), "version": ContainerRun()}, ENVOY, UNKNOWN,
                 "Envoy runs, and did not become ready in time", "", id="no program ended"),
    pytest.param({"envoy": failing("first\nno such file\n")}, ENVOY, ERROR,
                 f"Envoy of Istio {NEWEST} does not run: no such file",
                 "see the whole of it: `kubectl describe node pi-1` and the kernel's log", id="another cause"),
    pytest.param({"iptables": NO_TABLES}, REDIRECTION, ERROR, "Table does not exist",
                 "set istio.values.global.nativeNftables: true (Istio 1.27 and newer)",
                 id="a node without ip tables is cured by native nftables"),
    pytest.param({"iptables": NO_TABLES}, REDIRECTION, ERROR, "by nftables it works", "", id="nftables works there"),
    pytest.param({"iptables": failing(), "nftables": failing()}, REDIRECTION, ERROR,
                 "by nftables it does not work either", "modprobe", id="a node with neither"),
    # A simulated node says that its containers run, and has no logs.
    pytest.param({"version": ContainerRun(ready=True), "iptables": ContainerRun(ready=True)}, REDIRECTION, UNKNOWN, "",
                 "", id="containers that end nowhere leave the redirection open"),
])  # fmt: skip
def test_a_trial_that_failed_is_named_with_its_cure(runs, check, level, message, fix):
    finding = trial(**runs)[check]
    assert finding.level is level
    assert message in finding.message
    assert fix in finding.fix


@pytest.mark.parametrize(("tool", "level", "fix"), [
    ("iptables", OK, ""),
    ("nftables", ERROR, "remove istio.values.global.nativeNftables: true"),
])  # fmt: skip
def test_with_native_nftables_iptables_is_not_needed(tool, level, fix):
    finding = judged(Trial(containers={**WELL, tool: failing()}), istio=NATIVE)[REDIRECTION]
    assert (finding.level, finding.fix) == (level, fix)


@pytest.mark.parametrize(("attempt", "level", "words", "fix"), [
    pytest.param(Trial(startup=Startup("pod x/y", "ImagePullBackOff", "manifest unknown", tries=3)), ERROR,
                 "ImagePullBackOff (not in the registry): manifest unknown", "correct images.hub or istio.version",
                 id="an image that does not come"),
    pytest.param(Trial(startup=Startup("pod x/y", "Mystery")), ERROR, " does not start: Mystery: no reason given",
                 "see `kubectl describe node pi-1`", id="no known cause leads to the node"),
    pytest.param(Trial("OutOfcpu: Node didn't have enough resource: cpu"), UNKNOWN, "OutOfcpu", "",
                 id="a node that runs no pod of the trial"),
])  # fmt: skip
def test_an_image_that_does_not_start_is_named_with_the_cause_and_the_rest_is_unknown(attempt, level, words, fix):
    findings = judged(attempt)
    assert findings[IMAGE].level is level
    assert words in findings[IMAGE].message
    assert fix in findings[IMAGE].fix
    assert {findings[check].level for check in (ENVOY, REDIRECTION)} == {UNKNOWN}
