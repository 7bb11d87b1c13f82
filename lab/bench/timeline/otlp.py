"""The spans of Pulumi's own trace: `pulumi up --otel-traces file://FILE` writes them, a JSON object a line."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lab.bench.timeline.spans import Span

LANES = {
    "pulumi-cli": "engine",
    "pulumi-language-host": "language host",
    "pulumi-resource-provider": "Kubernetes provider",
}
"""Lane of each service of the trace; others keep their names."""
ECHOES = ("Engine/Log", "gocloud.dev", "<empty method>", "stack.BatchDecrypt")
"""Beginnings of names of which there are too many, or which say nothing."""
RUN = "LanguageRuntime/Run"
PHASES = {
    RUN: "Python, Pulumi's SDK",
    "ResourceMonitor/GetDeploymentInfo": "first imports",
    "Engine/RequirePulumiVersion": "imports, settings",
    "ResourceMonitor/Invoke": "state, cluster, checks, resources",
    "ResourceMonitor/SignalAndWaitForShutdown": "its end",
}
"""What the program does from the first time it makes each call."""
TOO_SHORT = 0.002
"""Seconds below which a span is not drawn."""


def read(file: Path) -> list[Span]:
    """Return the phases of the program, and the spans that are long enough to be seen."""
    every = [span for line in file.read_text().splitlines() for span in _spans(json.loads(line))]
    seen = [span for span in every if span.seconds >= TOO_SHORT and not span.name.startswith(ECHOES)]
    return [*_phases(every), *seen]


def _phases(spans: Sequence[Span]) -> Iterator[Span]:
    """Yield the phases of the program, which begin with calls that it makes: it needs no marks of its own."""
    first: dict[str, float] = {}
    for span in sorted(spans, key=lambda one: one.start):
        first.setdefault(span.name, span.start)
    ends = [span.end for span in spans if span.name == RUN]
    begun = [(first[call], phase) for call, phase in PHASES.items() if call in first]
    for (start, phase), (end, _) in zip(begun, [*begun[1:], *((end, "") for end in ends[:1])], strict=False):
        yield Span("program", phase, start, end)


def _spans(batch: dict[str, Any]) -> Iterator[Span]:
    for resource in batch["resourceSpans"]:
        attributes = _attributes(resource["resource"])
        service = str(attributes.get("service.name", ""))
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                start, end = (int(span[key]) / 1e9 for key in ("startTimeUnixNano", "endTimeUnixNano"))
                yield Span(LANES.get(service, service), _name(span), start, end)


def _name(span: dict[str, Any]) -> str:
    """Return the name, with what the span is about."""
    attributes = _attributes(span)
    name = span["name"].lstrip("/").removeprefix("pulumirpc.")
    about = attributes.get("prefix") or str(attributes.get("urn", "")).rpartition("::")[2]
    return f"{name} {about}".strip()


def _attributes(holder: dict[str, Any]) -> dict[str, object]:
    return {one["key"]: next(iter(one["value"].values()), None) for one in holder.get("attributes", ())}
