"""The lines of `up` while it waits for a release, and the end of a hopeless wait."""

from collections.abc import Iterator
from dataclasses import replace

import pulumi
import pytest

from components import startup_watch
from pi_mesh.cluster import pod_lifecycle
from pi_mesh.cluster.pod_lifecycle import Startup
from pi_mesh.cluster.pods import Pod
from pi_mesh.inventory import Kind
from tests.support.factories import make_mesh
from tests.support.fake_client import FakeClient
from tests.support.findings import case, table
from tests.support.snapshots import make_pod

LABELS = {"app": "istiod"}
POD = "pod istio-system/istiod-x"
PULLING = Startup(POD, "pulling", image="istio/pilot:1", labels=LABELS)
MISSING = Startup(POD, "ImagePullBackOff", "istio/pilot:1: not found", "istio/pilot:1", 3, labels=LABELS)
CRASHING = Startup(POD, "CrashLoopBackOff", "Error, exit code 1", labels=LABELS)


@pytest.fixture
def said(monkeypatch) -> Iterator[list[str]]:
    """Return what is logged, each line with its level, and "interrupted"."""
    lines: list[str] = []
    for level in ("info", "warn", "error"):
        monkeypatch.setattr(pulumi.log, level, lambda text, level=level: lines.append(f"{level} {text}"))
    monkeypatch.setattr(startup_watch, "interrupt", lambda: lines.append("interrupted"))
    return lines


@pytest.fixture
def watch(monkeypatch, said):  # noqa: ARG001 - nothing may reach the engine
    """`watch(states, seconds)`: looks at istiod's pods, which are in these states, one look for each second."""

    def run(states: list[list[Startup]], seconds: list[float], *before: Pod, **settings: object) -> bool:
        mesh = make_mesh(**settings)
        looking = startup_watch.Watch(mesh, FakeClient(), before)  # pyright: ignore[reportArgumentType]
        looking.last_line = looking.began = 0.0
        looks = iter(states)
        monkeypatch.setattr(pod_lifecycle, "read_startups", lambda *_: next(looks))
        looking.under_way = "istiod"
        return all(looking.look([mesh.the(Kind.ISTIOD)], now) for now in seconds)

    return run


def test_a_change_is_said_at_once_and_nothing_is_silent_for_ten_seconds(watch, said):
    assert watch([[PULLING]] * 25, [float(second) for second in range(25)])
    assert said[0] == "info istiod, 4 s: pod istio-system/istiod-x: pulling: istio/pilot:1"
    assert len(said) == 3


def test_a_hopeless_wait_is_ended_with_everything_that_is_known(watch, said):
    assert not watch([[MISSING]], [40.0])
    assert said == [
        "error istiod can never be ready, its wait is ended after 40 s:\n"
        "  pod istio-system/istiod-x: ImagePullBackOff (not in the registry, 3 pulls failed): istio/pilot:1\n"
        "    istio/pilot:1: not found\n"
        "    correct images.hub or istio.version",
        "interrupted",
    ]


@table(
    case("a pod of before, which this up may mend", [make_pod("istiod-x", namespace="istio-system")], {}),
    case("a watch that only speaks", [], {"release": {"watch": "say"}}),
)
def test_nothing_is_ended_for(watch, said, before, settings):
    assert watch([[MISSING]], [40.0], *before, **settings)
    assert "interrupted" not in said


def test_before_the_time_is_up_everything_is_said_once(watch, said):
    watch([[replace(CRASHING, log=("no CA",))]] * 3, [10.0, 897.0, 898.0])
    assert [line for line in said if "given up" in line] == [
        "warn istiod is given up after 897 s:\n"
        "  pod istio-system/istiod-x: CrashLoopBackOff (crash): Error, exit code 1\n"
        "    | no CA\n"
        "    see its last log lines"
    ]


@table(
    case("nothing of a quick release", [[PULLING]] * 3, [1.0, 2.0, 3.0], 900, ""),
    case("pods that Helm takes away are still quoted", [[replace(CRASHING, ending=True)]], [10.0], 900, "is given up"),
    case("that the change is undone", [[PULLING], []], [37.0, 46.0], 40, "info istiod, 46 s: Helm undoes the change"),
)
def test_it_says_last(watch, said, states, seconds, timeout, words):
    watch(states, seconds, release={"timeout": timeout})
    assert (words in "".join(said[-1:]), bool(said)) == (True, bool(words))
