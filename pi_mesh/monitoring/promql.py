"""PromQL for what the alerts ask of requests and containers."""

CONTAINER = "namespace, pod, container"
"""Labels that name a container."""
MEMORY, LIMIT = "container_memory_working_set_bytes", "container_spec_memory_limit_bytes"
CPU = "container_cpu_usage_seconds_total"
KUBELETS_JOB = 'job="kubelets"'
"""Selector of this program's own job: an operator's Prometheus has the same counters once more, in a job of its own."""
NODE_MEMORY, NODE_CPUS = "machine_memory_bytes", "machine_cpu_cores"
THROTTLED, PERIODS = "container_cpu_cfs_throttled_periods_total", "container_cpu_cfs_periods_total"


def rate(metric: str, labels: str, by: str) -> str:
    """Return the sum of a counter's growth each second."""
    return f"sum by ({by}) (rate({metric}{{{labels}}}[5m]))"


def errors(labels: str) -> str:
    """Return the percentage of the answers with a status of 500 or above."""
    selectors = f'{labels}, response_code=~"5.."', labels
    failed, every = (f"sum(rate(istio_requests_total{{{selector}}}[5m]))" for selector in selectors)
    return f"100 * {failed} / {every}"


def latency(labels: str) -> dict[str, str]:
    """Return three quantiles of the requests' duration in milliseconds, by their names."""
    buckets = rate("istio_request_duration_milliseconds_bucket", labels, "le")
    return {f"p{share}": f"histogram_quantile(0.{share}, {buckets})" for share in (50, 95, 99)}


def waits(labels: str, by: str) -> str:
    """Return the percentage of the CPU periods in which containers wait at their CPU limit."""
    return f"100 * {rate(THROTTLED, labels, by)} / ({rate(PERIODS, labels, by)} > 0)"
