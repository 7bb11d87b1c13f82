"""Alerts about requests, from Istio's standard metrics.

https://istio.io/latest/docs/reference/config/metrics/
"""

from pi_mesh.monitoring.alert import Alert, Bounds, Severity
from pi_mesh.monitoring.promql import errors, latency, rate

CALLERS = "destination_workload_namespace, destination_workload, source_workload_namespace, source_workload"


def _ingress(bounds: Bounds) -> str:
    """Return the labels of the requests that the ingress gateway forwarded."""
    named = f'source_workload="{bounds.ingress}", source_workload_namespace="{bounds.ingress_namespace}"'
    return f'reporter="source", {named}'


def _errors(bounds: Bounds) -> str:
    return f"{errors(_ingress(bounds))} > {bounds.error_percent}"


def _latency(bounds: Bounds) -> str:
    return f"{latency(_ingress(bounds))['p95']} > {bounds.latency_milliseconds}"


def _plaintext(_: Bounds) -> str:
    labels = 'reporter="destination", connection_security_policy="none"'
    counted = ("istio_requests_total", "istio_tcp_connections_opened_total")
    return " or ".join(f"{rate(name, labels, CALLERS)} > 0" for name in counted)


ALERTS = (
    Alert(
        "IngressErrors",
        _errors,
        5,
        Severity.PAGE,
        "{{ $value | humanize }} % of the requests at the ingress gateway end with a status of 500 or above.",
        "The dashboard Gateways shows which service answers so, and with which response flag. A 503 with `UF` or `UH` "
        "has no healthy pod behind it.",
        "the-ingress-answers-with-errors-or-slowly",
    ),
    Alert(
        "IngressSlow",
        _latency,
        10,
        Severity.TICKET,
        'One of 20 requests at the ingress gateway takes longer than {{ $value | printf "%.0f" }} ms.',
        "Compare the services on the dashboard Gateways; then MeshContainerThrottled and the Pis' CPU.",
        "the-ingress-answers-with-errors-or-slowly",
    ),
    Alert(
        "MeshPlaintext",
        _plaintext,
        5,
        Severity.TICKET,
        "{{ $labels.destination_workload_namespace }}/{{ $labels.destination_workload }} accepts calls of "
        "{{ $labels.source_workload_namespace }}/{{ $labels.source_workload }} in plain text.",
        "`python -m operations verify` shows where STRICT does not hold. Give the caller a sidecar, or name the "
        "exception in `traffic.legacy` and silence this alert for it.",
        "calls-come-in-plain-text",
    ),
)
