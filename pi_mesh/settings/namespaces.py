"""The namespaces of workloads, the trading hours, and what `pulumi destroy` removes besides the stack's resources."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from pi_mesh.facts import OFF, ON, SIZE, Harmless, Weaker, goes, protects_less_time, widens_scope
from pi_mesh.model import Amounts, Model, NamespaceName, ResourceProfile, counted_in, matching, profile
from pi_mesh.settings.istio import RevisionName
from pi_mesh.settings.traffic.authorization import DefaultDeny
from pi_mesh.settings.traffic.names import read_by

Day = Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
DAYS: tuple[Day, ...] = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
TimeOfDay = Annotated[str, matching(r"^([01][0-9]|2[0-3]):[0-5][0-9]$", 'a time of day such as "09:00", in quotes')]


EXAMPLE = "Europe/Berlin"


def _known_zone(value: str) -> str:
    if value in ("localtime", "posixrules", "Factory"):
        raise ValueError(f'is another time zone on each machine; name one, such as "{EXAMPLE}"')
    try:
        ZoneInfo(value)
    except (OSError, KeyError, ValueError):
        raise ValueError(f'is not a time zone in this machine\'s tz database, such as "{EXAMPLE}"') from None
    return value


Holiday = Annotated[
    str,
    matching(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", 'a day such as "2026-12-25", in quotes'),
    read_by(date.fromisoformat, "is not a day of the calendar"),
]


class TradingHours(Model):
    """Trading hours of a week. During them an `up`, `refresh` or `rotate-ca` that restarts proxies or replaces the CA
    is refused, and so is a `pulumi destroy`, by the hours of the last `up`."""

    time_zone: Annotated[str, AfterValidator(_known_zone)]
    """Name of the time zone in the tz database, such as "Europe/Berlin"; summer time is taken into account."""
    opens: TimeOfDay
    """Time of day at which trading begins."""
    closes: TimeOfDay
    """Time of day at which trading ends; a time that is not after `opens` is on the next day."""
    days: Annotated[tuple[Day, ...], Field(min_length=1)] = DAYS[:5]
    """Days on which trading begins at `opens`."""
    holidays: tuple[Holiday, ...] = ()
    """Days without trading."""

    def _trades_on(self, day: date) -> bool:
        return DAYS[day.weekday()] in self.days and day.isoformat() not in self.holidays

    def closing(self, now: datetime) -> datetime | None:
        """Return the end of the trading hours that contain `now`, which carries a time zone; None outside of them."""
        local = now.astimezone(ZoneInfo(self.time_zone))
        opens, closes = time.fromisoformat(self.opens), time.fromisoformat(self.closes)
        for day in (local.date(), local.date() - timedelta(days=1)):
            last = day if closes > opens else day + timedelta(days=1)
            end = datetime.combine(last, closes, local.tzinfo)
            if self._trades_on(day) and datetime.combine(day, opens, local.tzinfo) <= local < end:
                return end
        return None


PodCount = Annotated[int, Field(ge=1, le=500), SIZE]

ScopeHost = Annotated[str, matching(r"^[^/\s]+/[^/\s]+$", 'NAMESPACE/HOST such as "./*" or "monitoring/*"')]


MORE_SERVICES = "sidecars may reach more services"


class Bounds(Model):
    """Bounds on the workloads of a namespace, each of which can be turned off."""

    quota: Annotated[bool, Weaker(OFF, "workloads may take more of the Pis than the budget says")] = True
    """Create the ResourceQuota, which refuses pods beyond its sums."""
    limit_range: Annotated[bool, Weaker(OFF, "containers without a limit are not limited")] = True
    """Create the LimitRange, which gives containers without resources those of `workload`. The quota needs it."""
    max: Annotated[Amounts | None, Weaker(goes, "a container may ask for all of a Pi")] = None
    """Largest limits of a container, the sidecar included, as the LimitRange's `max`: pods beyond are refused."""
    sidecar: Annotated[bool, Weaker(OFF, MORE_SERVICES)] = True
    """Create the Sidecar with the hosts of `sidecarScope`, the only ones that proxies in the namespace learn of."""

    def conflicts(self) -> Iterator[str]:
        if self.quota and not self.limit_range:
            yield "limitRange is false, but a quota refuses pods without resources; set quota: false too"
        if self.max and not self.limit_range:
            yield "max is a bound of the LimitRange, and limitRange is false; remove one of them"


HttpMetric = Literal["REQUEST_COUNT", "REQUEST_DURATION", "REQUEST_SIZE", "RESPONSE_SIZE"]
TcpMetric = Literal["TCP_OPENED_CONNECTIONS", "TCP_CLOSED_CONNECTIONS", "TCP_SENT_BYTES", "TCP_RECEIVED_BYTES"]
Metric = HttpMetric | TcpMetric | Literal["GRPC_REQUEST_MESSAGES", "GRPC_RESPONSE_MESSAGES", "ALL_METRICS"]
Sampling = Annotated[float, counted_in("percent, such as 1.5", ge=0, le=100)]


class NamespaceTelemetry(Model):
    """Telemetry of a namespace's sidecars where it differs from the mesh's."""

    access_log_sampling: Sampling | None = None
    """Percentage of successful requests that are logged; by default observability.accessLogs.sampling."""
    trace_sampling: Sampling | None = None
    """Percentage of requests that are traced; by default proxy.traceSampling."""
    disabled_metrics: tuple[Metric, ...] = ()
    """Metrics that the sidecars do not count, which saves memory of Prometheus and of the sidecars."""


class NamespaceSettings(Model):
    """A namespace of workloads."""

    adopt: Annotated[bool, Weaker(ON, "a namespace that this stack did not create is adopted")] = False
    """Take over a namespace that already exists, and leave it in place on `pulumi destroy`."""
    injection: Annotated[bool, Weaker(OFF, "new pods get no sidecar")] = True
    """Give new pods their sidecars. Without it the namespace is labelled `istio-injection: disabled`, and STRICT
    refuses calls from its pods to the mesh."""
    revision: RevisionName | None = None
    """Revision or tag of the istiod that injects and configures the namespace's pods; by default the first istiod.
    Running pods follow when they restart, which `operations refresh` does."""
    workloads: PodCount = 10
    """Number of pods that the ResourceQuota admits, each with its sidecar; the budget counts them without a quota
    too."""
    workload: ResourceProfile = profile("50m", "128Mi", "500m", "256Mi")
    """Resources of a container that specifies none (LimitRange), and of each pod that the quota admits."""
    sidecar_scope: Annotated[tuple[ScopeHost, ...], Weaker(widens_scope, MORE_SERVICES)] = ("./*",)
    """Hosts that sidecars learn of besides the control plane's, as NAMESPACE/HOST. A smaller scope needs less memory;
    an empty list is the whole mesh."""
    bounds: Bounds = Bounds()
    """Bounds on the namespace's workloads."""
    telemetry: Annotated[NamespaceTelemetry, Harmless("it only observes")] = NamespaceTelemetry()

    @property
    def is_scoped(self) -> bool:
        """Return True if a Sidecar limits the hosts that proxies learn of."""
        return self.injection and self.bounds.sidecar and bool(self.sidecar_scope)

    def conflicts(self) -> Iterator[str]:
        if self.revision and not self.injection:
            yield f"revision is '{self.revision}', and injection is false; remove one of them"
        if self.telemetry != NamespaceTelemetry() and not self.injection:
            yield "telemetry is that of sidecars, and injection is false; remove one of them"


class TradingSettings(NamespaceSettings):
    """The trading platform's namespace."""

    namespace: NamespaceName = "trading"
    """Namespace of the trading platform's workloads."""
    workloads: PodCount = 30
    hours: Annotated[TradingHours | None, Weaker(protects_less_time, "proxies may be restarted at more times")] = None
    """Trading hours of the platform; without them any run may restart proxies at any time."""


class FurtherNamespace(NamespaceSettings):
    """A namespace of workloads beside the trading platform's."""

    default_deny: DefaultDeny = DefaultDeny()
    """Default deny of the namespace."""


@dataclass(frozen=True)
class WorkloadNamespace:
    """A namespace of workloads, whichever key of the stack file describes it."""

    setting: str
    """Config key of its settings, and name of the component that registers it: `trading`, or `namespaces.NAME`."""
    name: str
    own: NamespaceSettings
    default_deny: DefaultDeny

    @property
    def name_setting(self) -> str:
        """Return the config key that names the namespace."""
        return f"{self.setting}.namespace" if self.is_trading else self.setting

    @property
    def deny_setting(self) -> str:
        """Return the config key of its default deny."""
        return "traffic.authorization.defaultDeny" if self.is_trading else f"{self.setting}.defaultDeny"

    @property
    def traffic_component(self) -> str:
        """Return the name of the component that registers its traffic objects."""
        return "traffic" if self.is_trading else f"traffic.{self.name}"

    @property
    def is_trading(self) -> bool:
        return isinstance(self.own, TradingSettings)


class DestroySettings(Model):
    """Objects that `pulumi destroy` removes besides the stack's own resources."""

    workloads: Annotated[bool, Weaker(ON, "a destroy takes other owners' workloads along")] = False
    """Let `pulumi destroy` take other owners' workloads along: those in the stack's namespaces, and the sidecars
    elsewhere, which lose their istiod. Without it a destroy is refused while there are any. It needs a `pulumi up`."""
    crds: Annotated[bool, Weaker(ON, "a destroy deletes every Istio object of the cluster")] = False
    """Remove Istio's CRDs and with them every Istio resource; refused while resources of other owners exist."""
    root_certificates: Annotated[bool, Weaker(ON, "a destroy deletes the root certificates")] = False
    """Remove the ConfigMap `istio-ca-root-cert` that istiod created in every namespace."""
