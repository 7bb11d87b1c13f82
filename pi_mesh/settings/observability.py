"""The access logs, and the observability addons, each off by default and sized for a Pi."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import create_model

from pi_mesh import addons
from pi_mesh.addons import Addon
from pi_mesh.facts import Harmless, Weaker, differs
from pi_mesh.model import Model, NamespaceName, counted_in
from pi_mesh.settings.releases import ChartSource


class AccessLogs(Model):
    """Access logs of proxies: a line of JSON on the proxy's standard output for each logged request."""

    gateways: bool = False
    """Log requests at the ingress and the egress gateway."""
    namespaces: tuple[NamespaceName, ...] = ()
    """Namespaces of workloads whose sidecars log the requests that they receive."""
    sampling: Annotated[float, counted_in("percent, such as 1.5", ge=0, le=100)] = 0.0
    """Percentage of successful requests that are logged, rounded up to sixteenths. Failed requests are always logged:
    a status of 500 or more, or no whole answer."""
    paths: bool = False
    """Log the path of a request too, without its query. Headers are never logged."""

    @property
    def enabled(self) -> bool:
        return self.gateways or bool(self.namespaces)


class _Observability(Model):
    charts: Annotated[ChartSource | None, Weaker(differs, "the addons' charts come from another place")] = None
    """Directory of packaged charts (NAME-VERSION.tgz); by default each project's own chart repository."""
    access_logs: Annotated[AccessLogs, Harmless("it only logs")] = AccessLogs()
    """Access logs of the proxies, off by default."""

    def conflicts(self) -> Iterator[str]:
        for name, addon in self.enabled().items():
            for other in addon.needs:
                if other not in self.enabled():
                    yield f"{name} reads from {other.capitalize()}; set {other}.enabled: true too"

    def enabled(self) -> dict[str, Addon]:
        """Return the enabled addons by name, in the order of their installation."""
        every: dict[str, Addon] = {name: getattr(self, name) for name in addons.ALL}
        return {name: addon for name, addon in every.items() if addon.enabled}


READS = Harmless("an addon only reads what the mesh does")
_FIELDS: dict[str, Any] = {name: (Annotated[kind, READS], kind()) for name, kind in addons.ALL.items()}  # type: ignore[call-arg]

if TYPE_CHECKING:
    ObservabilitySettings = _Observability
else:
    # The fields are derived from the addons, so a new addon needs no line here.
    ObservabilitySettings = create_model(
        "ObservabilitySettings", __base__=_Observability, __doc__="Observability addons of the mesh.", **_FIELDS
    )
