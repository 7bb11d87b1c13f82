"""Pulumi's own trace."""

import json

from lab.bench.timeline import otlp
from lab.bench.timeline.spans import Span


def batch(service: str, name: str, seconds: float, start: float = 1, **attributes: str) -> str:
    times = {"startTimeUnixNano": str(int(start * 1e9)), "endTimeUnixNano": str(int((start + seconds) * 1e9))}
    span = {"name": name, **times, "attributes": said(attributes)}
    return json.dumps(
        {
            "resourceSpans": [
                {"resource": {"attributes": said({"service.name": service})}, "scopeSpans": [{"spans": [span]}]}
            ]
        }
    )


def said(attributes: dict[str, str]) -> list[dict]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]


def test_a_span_is_on_the_lane_of_its_service_and_says_what_it_is_about(tmp_path):
    lines = [
        batch("pulumi-cli", "newPlugin", 0.5, prefix="kubernetes (resource)"),
        batch("pulumi-resource-provider", "/pulumirpc.ResourceProvider/Create", 2, urn="urn:pulumi:lab::p::t::istiod"),
    ]
    (tmp_path / "spans").write_text("\n".join(lines))
    assert otlp.read(tmp_path / "spans") == [
        Span("engine", "newPlugin kubernetes (resource)", 1.0, 1.5),
        Span("Kubernetes provider", "ResourceProvider/Create istiod", 1.0, 3.0),
    ]


def test_messages_and_what_is_too_short_to_be_seen_are_left_out(tmp_path):
    lines = [batch("pulumi-cli", "pulumirpc.Engine/Log", 1), batch("pulumi-cli", "testConnection", 0.001)]
    (tmp_path / "spans").write_text("\n".join(lines))
    assert otlp.read(tmp_path / "spans") == []


def test_the_phases_of_the_program_begin_with_its_calls(tmp_path):
    calls = {
        "LanguageRuntime/Run": (1, 9),
        "ResourceMonitor/GetDeploymentInfo": (3, 0),
        "ResourceMonitor/Invoke": (6, 0),
    }
    lines = [batch("pulumi-cli", f"pulumirpc.{name}", seconds, start) for name, (start, seconds) in calls.items()]
    (tmp_path / "spans").write_text("\n".join(lines))
    phases = [span for span in otlp.read(tmp_path / "spans") if span.lane == "program"]
    assert [(span.name, span.start, span.end) for span in phases] == [
        ("Python, Pulumi's SDK", 1, 3),
        ("first imports", 3, 6),
        ("state, cluster, checks, resources", 6, 10),
    ]
