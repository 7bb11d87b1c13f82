"""The access logs of gateways and sidecars."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from pi_mesh.model.base import Model, NamespaceName

if TYPE_CHECKING:
    from pi_mesh.settings.tree import Settings


class AccessLogs(Model):
    """Access logs of proxies: a line of JSON on the proxy's standard output for each logged request."""

    gateways: bool = False
    """Log requests at the ingress and the egress gateway."""
    namespaces: tuple[NamespaceName, ...] = ()
    """Namespaces of workloads whose sidecars log the requests that they receive."""
    sampling: Annotated[float, Field(ge=0, le=100)] = 0.0
    """Percentage of successful requests that are logged, rounded up to sixteenths. Failed requests are always logged:
    a status of 500 or more, or no whole answer."""
    paths: bool = False
    """Log the path of a request too, without its query. Headers are never logged."""

    @property
    def enabled(self) -> bool:
        return self.gateways or bool(self.namespaces)


def conflicts(settings: "Settings") -> Iterator[str]:
    """Yield a sentence for each access log that no proxy could write."""
    wanted, key = settings.observability.access_logs, "observability.accessLogs"
    injected = [namespace.name for namespace in settings.workload_namespaces if namespace.own.injection]
    for name in wanted.namespaces:
        if name not in injected:
            yield f"{key}.namespaces has '{name}', which is no namespace of workloads with sidecars; remove it"
    if wanted.gateways and not (settings.ingress.enabled or settings.egress.enabled):
        yield f"{key}.gateways is true, but neither gateway is enabled; remove it"
    if wanted.paths and not wanted.enabled:
        yield f"{key}.paths is true, but nothing is logged; set {key}.gateways or {key}.namespaces too"
