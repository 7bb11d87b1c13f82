"""Autoscalers are off, or bounded."""

from collections.abc import Iterator

from .resource import at, chart, release_values
from .rule import MANDATORY, Bounds, Resource, Rule

SWITCHES = {
    "istiod": ("pilot.autoscaleEnabled", "pilot.autoscaleMax"),
    "gateway": ("autoscaling.enabled", "autoscaling.maxReplicas"),
}


def breaches(resource: Resource, bounds: Bounds) -> Iterator[str]:
    name = chart(resource)
    if name not in SWITCHES:
        return
    switch, maximum = SWITCHES[name]
    values, bound = release_values(resource), bounds["maxReplicas"]
    if at(values, switch) is False:
        return
    most = at(values, maximum)
    if at(values, switch) is None:
        yield f"{switch} is not set, and the chart's own is on with 5 replicas"
    elif most is None:
        yield f"{maximum} is not set, and the chart's own is 5"
    elif most > bound:
        yield f"{maximum} {most:g} is above {bound:g}"


RULE = Rule(
    "bounded-autoscaling",
    "Autoscalers are off or bounded",
    MANDATORY,
    "a load peak would otherwise fill the Pis with gateways and starve the workloads",
    "set autoscaling.enabled to false, or lower autoscaling.maxReplicas",
    schema={
        "maxReplicas": {"type": "integer", "minimum": 1, "default": 3, "description": "The most pods of an autoscaler."}
    },
    breaches=breaches,
)
