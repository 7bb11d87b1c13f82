"""The called Service must have an endpoint that is Ready."""

from collections.abc import Iterator

from pi_mesh.checks.call.described import Call
from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.counts import counted

ID = "endpoints"


def check(call: Call) -> Iterator[Finding]:
    subject = Subject("service" if call.service else "workload", call.to)
    ready = [one for one in call.endpoints if one.ready]
    if ready:
        yield ok(ID, subject, f"has {counted(len(ready), 'endpoint')} on port {call.port.number}", number=len(ready))
        return
    message, fix = _missing(call)
    yield error(ID, subject, f"has no endpoint on port {call.port.number}: {message}", fix)


def _missing(call: Call) -> tuple[str, str]:
    """Return why there is none, and what helps."""
    look = f"`kubectl get pods -n {call.namespace}`"
    if call.endpoints:
        return f"{counted(len(call.endpoints), 'pod is', 'pods are')} not Ready", f"see their containers: {look}"
    selector = call.service.selector if call.service else {}
    if not selector:
        return "it has no selector, and nobody gave it endpoints", "give it a selector, or EndpointSlices"
    labels = ", ".join(f"{key}={value}" for key, value in selector.items())
    behind = [pod for pod in call.pods if pod.namespace == call.namespace and selector.items() <= pod.labels.items()]
    if behind:
        count = counted(len(behind), "pod has", "pods have")
        return f"{count} its labels ({labels}), and none has its port", "compare its targetPort with the pods' ports"
    return f"no pod has its labels ({labels})", f"start its workload, or correct the selector: {look} --show-labels"
