"""The pods of a time line."""

from lab.bench.timeline.pods import note, phases
from lab.bench.timeline.spans import Span


def pod(running: bool = False, **conditions: bool) -> dict:
    states = [{"state": {"running" if running else "waiting": {}}}]
    said = [{"type": name, "status": str(true)} for name, true in conditions.items()]
    return {"metadata": {"name": "istiod-1"}, "status": {"conditions": said, "containerStatuses": states}}


def test_a_pod_is_in_each_phase_until_the_next_begins():
    moments = {}
    looks = [
        pod(),
        pod(PodScheduled=True),
        pod(True, PodScheduled=True, Ready=False),
        pod(True, PodScheduled=True, Ready=True),
    ]
    for now, look in enumerate(looks):
        note(moments, [look], now)
    assert list(phases("pod istiod-1", moments["pod istiod-1"])) == [
        Span("pod istiod-1", "no node", 0, 1),
        Span("pod istiod-1", "sandbox, images, start", 1, 2),
        Span("pod istiod-1", "probes", 2, 3),
    ]


def test_a_phase_that_has_not_ended_is_left_out():
    moments = {}
    note(moments, [pod(PodScheduled=True)], 7)
    assert [span.name for span in phases("pod", moments["pod istiod-1"])] == ["no node"]
