"""Running proxies: their configuration, from `istioctl proxy-config`, and the versions that they report to istiod."""

import json
from collections.abc import Iterator
from typing import Any

from lab.cluster.binaries import program
from lab.cluster.kubectl import kubectl, refuse_other_clusters, staying_pods
from lab.cluster.names import CONTEXT, KUBECONFIG
from lab.cluster.shell import run
from lab.workloads import CONTROL


def istioctl(*arguments: str) -> str:
    """Return istioctl's output. Raises LabError with its last line when it fails: `analyze` does for any finding."""
    refuse_other_clusters()
    return run(str(program("istioctl")), *arguments, f"--kubeconfig={KUBECONFIG}", f"--context={CONTEXT}")


class Proxy:
    """The proxy of one pod."""

    def __init__(self, namespace: str, pod: str) -> None:
        self._pod = f"{pod}.{namespace}"

    def cluster(self, name: str) -> dict[str, Any]:
        """Return the proxy's cluster of an upstream: outbound|PORT|SUBSET|HOST."""
        return next(one for one in self._config("clusters") if one["name"] == name)

    def routes(self, host: str) -> list[dict[str, Any]]:
        """Return the routes for requests to a host, first match first."""
        hosts = (one for config in self._config("routes") for one in config.get("virtualHosts", []))
        return next(one["routes"] for one in hosts if host in one["domains"])

    def passes_by_name(self) -> dict[str, str]:
        """Return TLS server name -> the cluster that receives its connections."""
        found = {}
        for chain in self._chains():
            for name in chain.get("filterChainMatch", {}).get("serverNames", []):
                found[name] = chain["filters"][-1]["typedConfig"].get("cluster", "")
        return found

    def inbound(self, port: int) -> list[dict[str, Any]]:
        """Return the filter chains by which the proxy takes connections to one of the pod's ports."""
        return [one for one in self._chains() if one.get("filterChainMatch", {}).get("destinationPort") == port]

    def _chains(self) -> Iterator[dict[str, Any]]:
        return (chain for listener in self._config("listeners") for chain in listener.get("filterChains", []))

    def _config(self, kind: str) -> list[dict[str, Any]]:
        return json.loads(istioctl("proxy-config", kind, self._pod, "--output=json"))


def wants_certificate(chain: dict[str, Any]) -> bool:
    """Return True if a caller must show its certificate (mutual TLS)."""
    return chain.get("transportSocket", {}).get("typedConfig", {}).get("requireClientCertificate", False)


def access_rules(chain: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the authorization rules of a filter chain, by action: ALLOW, DENY."""
    manager = chain["filters"][-1]["typedConfig"]
    rules = [one["typedConfig"]["rules"] for one in manager["httpFilters"] if one["name"] == "envoy.filters.http.rbac"]
    return {one.get("action", "ALLOW"): one["policies"] for one in rules}


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
