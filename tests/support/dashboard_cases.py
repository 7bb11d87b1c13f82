"""Series of Istio's standard metrics, and what each panel that reads them answers.

Names and labels are those of https://istio.io/latest/docs/reference/config/metrics/
"""

from collections.abc import Mapping

NAMES = {"ingress": "istio-ingressgateway", "egress": "istio-egressgateway", "workloads": "trading"}
_APP = 'destination_workload="app", destination_workload_namespace="trading", destination_service_name="app"'
_BY_GATEWAY = f'source_workload="istio-ingressgateway", source_workload_namespace="istio-system", {_APP}'
_SOURCE, _DESTINATION = f'reporter="source", {_BY_GATEWAY}', f'reporter="destination", {_BY_GATEWAY}'
_OUT = 'reporter="source", source_workload="istio-egressgateway", destination_service_name="broker"'
_MUTUAL = 'connection_security_policy="mutual_tls"'


def _count(labels: str, each_minute: int) -> tuple[str, str]:
    return f"istio_requests_total{{{labels}}}", f"0+{each_minute}x20"


def _buckets(labels: str) -> dict[str, str]:
    """Return a histogram: half of the requests within 10 ms, the others within 20 ms."""
    name = "istio_request_duration_milliseconds_bucket"
    steps = {"10": 30, "20": 60, "+Inf": 60}
    return {f'{name}{{{labels}, le="{le}"}}': f"0+{count}x20" for le, count in steps.items()}


SERIES: dict[str, str] = (
    dict(
        (
            _count(f'{_SOURCE}, response_code="200", response_flags="-"', 54),
            _count(f'{_SOURCE}, response_code="503", response_flags="UH"', 6),
            _count(f'{_DESTINATION}, response_code="200", response_flags="-", {_MUTUAL}', 54),
            _count(f'{_DESTINATION}, response_code="500", response_flags="-", {_MUTUAL}', 6),
            _count(f'{_OUT}, response_code="200", response_flags="-"', 120),
        )
    )
    | _buckets(_SOURCE)
    | _buckets(_DESTINATION)
)
"""One value a minute."""
_LATENCY = [{"{}": 10}, {"{}": 19}, {"{}": 19.8}]
EXPECTED: dict[tuple[str, str], list[Mapping[str, float]]] = {
    ("mesh", "Requests"): [{'{destination_workload="app"}': 1}],
    ("mesh", "Answers of 500 and above"): [{"{}": 10}],
    ("mesh", "Requests by security"): [{'{connection_security_policy="mutual_tls"}': 1}],
    ("gateways", "Requests by status"): [{'{response_code="200"}': 0.9, '{response_code="503"}': 0.1}],
    ("gateways", "Answers of 500 and above"): [{"{}": 10}],
    ("gateways", "Latency"): _LATENCY,
    ("gateways", "Errors by service and response flag"): [
        {'{destination_service_name="app", response_flags="UH"}': 0.1}
    ],
    ("gateways", "Requests that leave the mesh"): [{'{destination_service_name="broker"}': 2}],
    ("trading", "Requests"): [{'{destination_workload="app"}': 1}],
    ("trading", "Answers of 500 and above"): [{"{}": 10}],
    ("trading", "Latency"): _LATENCY,
    ("trading", "Who calls whom"): [{'{destination_workload="app", source_workload="istio-ingressgateway"}': 1}],
}
"""Answers by dashboard and panel, one for each of the panel's queries: the value of each line."""
