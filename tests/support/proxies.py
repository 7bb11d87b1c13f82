"""The proxies that are connected to istiod, with the version that each reports."""

import json

from lab.cluster.kubectl import kubectl, staying_pods

CONTROL = "istio-system"


def versions(*namespaces: str) -> dict[str, set[str]]:
    """Return workload -> the versions that its proxies report, for the lasting pods of these namespaces."""
    staying = {f"{pod['metadata']['name']}.{space}" for space in namespaces for pod in staying_pods(space)}
    found: dict[str, set[str]] = {}
    for name, version in _connected().items():
        if name in staying:
            workload = name.partition(".")[0].rsplit("-", 2)[0]
            found.setdefault(workload, set()).add(version)
    return found


def _connected() -> dict[str, str]:
    """Return proxy (pod.namespace) -> version, of each istiod's connections."""
    path = ("pilot-discovery", "request", "GET", "/debug/syncz")
    pods = [pod["metadata"]["name"] for pod in staying_pods(CONTROL, "app=istiod")]
    said = [json.loads(kubectl("exec", f"--namespace={CONTROL}", pod, "--", *path)) for pod in pods]
    return {status["proxy"]: status["istio_version"] for statuses in said for status in statuses}
