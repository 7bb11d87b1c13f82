"""The drawing of a time line."""

import json

from lab.bench.timeline import drawing
from lab.bench.timeline.spans import Span

SPANS = [Span("engine", "pulumi", 100, 110), Span("engine", "newPlugin", 101, 103), Span("pod", "probes", 104, 108)]


def test_the_file_of_spans_has_a_process_for_each_lane_and_microseconds():
    events = json.loads(drawing.chrome(SPANS))["traceEvents"]
    assert [one["args"]["name"] for one in events if one["ph"] == "M"] == ["engine", "pod"]
    probes = next(one for one in events if one["name"] == "probes")
    assert (probes["pid"], probes["ts"], probes["dur"]) == (1, 104e6, 4e6)


def test_the_drawing_names_its_lanes_and_the_spans_with_room_for_it(tmp_path):
    drawing.draw([*SPANS, Span("pod", "short", 109, 109.05)], "pulumi up", tmp_path / "line.svg")
    text = (tmp_path / "line.svg").read_text()
    assert all(f">{shown}<" in text for shown in ("pulumi up", "engine", "pod", "newPlugin  2.00"))
    assert "short" not in text
