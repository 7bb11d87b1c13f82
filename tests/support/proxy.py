"""The configuration of a running proxy, from `istioctl proxy-config`."""

import json
from collections.abc import Iterator
from typing import Any

from lab.cluster.binaries import program
from lab.cluster.kubectl import refuse_other_clusters
from lab.cluster.names import CONTEXT, KUBECONFIG
from lab.cluster.shell import run


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
