"""The whole settings tree of a stack, and that of a stack which makes the mesh's CA and nothing else."""

from collections.abc import Collection, Iterator
from itertools import product
from typing import Annotated

from pi_mesh.catalog.istio import facts_of, gateway_chart
from pi_mesh.facts import NoHelm
from pi_mesh.model import Model, NamespaceName
from pi_mesh.settings.ca import CaSourceSettings
from pi_mesh.settings.cluster import ClusterSettings
from pi_mesh.settings.gateway import EgressSettings, IngressSettings
from pi_mesh.settings.gateway_api import GatewayApiSettings
from pi_mesh.settings.istio import DEFAULT_REVISION, BaseSettings, IstioSettings, ProxySettings
from pi_mesh.settings.mtls import MtlsSettings
from pi_mesh.settings.namespaces import DestroySettings, FurtherNamespace, TradingSettings, WorkloadNamespace
from pi_mesh.settings.network_policies import NetworkPolicySettings
from pi_mesh.settings.observability import ObservabilitySettings
from pi_mesh.settings.releases import ChartSettings, ImageSettings, ReleaseSettings, ReleasesSettings
from pi_mesh.settings.traffic import TrafficSettings, gateway_api
from pi_mesh.settings.traffic.gateways import CHART_PORTS, door_conflicts, service_ports
from pi_mesh.settings.traffic.names import NamespacedItem, full_name
from pi_mesh.settings.traffic.routes import RouteTarget
from pi_mesh.settings.vault import VaultSettings
from pi_mesh.words import agreeing


class Settings(Model):
    """The settings of a stack file; each field is one `pi-mesh:` key."""

    cluster: Annotated[ClusterSettings, NoHelm("preflight compares it with the cluster")]
    charts: Annotated[ChartSettings, NoHelm("the provider reads the charts from it")] = ChartSettings()
    images: ImageSettings = ImageSettings()
    release: Annotated[ReleaseSettings, NoHelm("an option of the provider")] = ReleaseSettings()
    releases: Annotated[ReleasesSettings, NoHelm("the release's own name")] = ReleasesSettings()
    istio: IstioSettings
    base: BaseSettings = BaseSettings()
    proxy: ProxySettings = ProxySettings()
    ingress: IngressSettings = IngressSettings()
    egress: EgressSettings = EgressSettings()
    gateway_api: GatewayApiSettings = GatewayApiSettings()
    mtls: Annotated[MtlsSettings, NoHelm("a PeerAuthentication and a Telemetry")] = MtlsSettings()
    trading: Annotated[TradingSettings, NoHelm("objects in the namespace")] = TradingSettings()
    namespaces: Annotated[dict[NamespaceName, FurtherNamespace], NoHelm("objects in the namespaces")] = {}
    """Namespaces of workloads beside the trading platform's, by their names."""
    network_policies: Annotated[NetworkPolicySettings, NoHelm("NetworkPolicies")] = NetworkPolicySettings()
    traffic: Annotated[TrafficSettings, NoHelm("Istio's objects")] = TrafficSettings()
    observability: Annotated[
        ObservabilitySettings, NoHelm("values of the addons' own charts, which `pi_mesh.addons` gives")
    ] = ObservabilitySettings()
    vault: Annotated[VaultSettings, NoHelm("several decide a value together, see setting_paths")] = VaultSettings()
    ca: Annotated[CaSourceSettings, NoHelm("several decide a value together, see setting_paths")] = CaSourceSettings()
    destroy: Annotated[DestroySettings, NoHelm("`pulumi destroy` reads it")] = DestroySettings()

    @property
    def plugged_in(self) -> bool:
        """Return True if istiod signs with a plugged-in CA or passes requests to an external signer."""
        return self.vault.signs or self.ca.plugged_in

    @property
    def also_trust(self) -> tuple[str, ...]:
        """Return the further roots (PEM) that the mesh trusts while it changes from one root to another."""
        return (*self.vault.also_trust, *self.ca.also_trust)

    @property
    def ingress_namespace(self) -> str:
        return self.ingress.namespace or self.istio.namespace

    @property
    def workload_namespaces(self) -> tuple[WorkloadNamespace, ...]:
        """Return the trading platform's namespace, and after it the further ones."""
        trading, deny = self.trading, self.traffic.authorization.default_deny
        further = (
            WorkloadNamespace(f"namespaces.{name}", name, own, own.default_deny)
            for name, own in self.namespaces.items()
        )
        return WorkloadNamespace("trading", trading.namespace, trading, deny), *further

    @property
    def watched_namespaces(self) -> tuple[str, ...] | None:
        """Return the namespaces that istiod watches; None for all of them."""
        if not self.istio.discovery.limited:
            return None
        workloads = (namespace.name for namespace in self.workload_namespaces)
        every = (self.istio.namespace, self.ingress_namespace, *workloads, *self.istio.discovery.also)
        return tuple(dict.fromkeys(every))

    @property
    def audited_namespaces(self) -> tuple[str, ...]:
        """Return the namespaces whose proxies log the calls that STRICT or the default deny would refuse."""
        namespaces = self.workload_namespaces
        return tuple(
            namespace.name
            for namespace in namespaces
            if namespace.own.injection and (self.mtls.audit or namespace.default_deny.audit)
        )

    def namespace_of(self, item: NamespacedItem) -> str:
        """Return the name of the namespace of a traffic setting's object."""
        return item.namespace or self.trading.namespace

    def port_of(self, target: RouteTarget, namespace: str) -> int | None:
        """Return the target's port: the given one, or the only one that the settings know of its service."""
        traffic, service = self.traffic, full_name(target.service, namespace)
        declared = {full_name(name, self.namespace_of(item)): item.ports for name, item in traffic.services.items()}
        outside = {host: (item.number,) for item in traffic.external.values() for host in item.hosts}
        ports = (declared | outside).get(service, ())
        return target.port or (ports[0] if len(ports) == 1 else None)

    @property
    def of_canary(self) -> "Settings":
        """Return the settings of the second control plane: with its version, and without a further one."""
        canary = self.istio.canary
        assert canary
        alone = self.istio.model_copy(update={"version": canary.version, "canary": None})
        return self.model_copy(update={"istio": alone})

    def conflicts(self) -> Iterator[str]:
        yield from namespace_conflicts(self)
        homes = (
            self.istio.namespace,
            self.ingress.namespace,
            *(namespace.name for namespace in self.workload_namespaces),
        )
        if self.vault.external_signer and (certificates := self.vault.cert_manager.namespace) in homes:
            yield f"vault.certManager.namespace is '{certificates}', a namespace of the mesh; choose another one"
        if self.vault.enabled and self.ca.source != "istiod":
            yield f"ca.source: {self.ca.source} excludes Vault; set vault.enabled: false or ca.source: istiod"
        if self.vault.external_signer and self.ca.also_trust:
            yield 'ca.alsoTrust needs vault.key: exported; see "Another root" in docs/vault.md'
        yield from access_log_conflicts(self)
        yield from revision_conflicts(self)
        yield from gateway_service_conflicts(self)
        yield from destination_conflicts(self)
        yield from listener_drain_conflicts(self)
        yield from eviction_conflicts(self)
        yield from gateway_api_conflicts(self)
        yield from door_conflicts(self.traffic.gateways, facts_of(self.istio.version).minor, self.traffic.api)


class CaSettings(Model):
    """A stack that makes the CA and nothing else; the mesh's stack names it in `vault.stack`."""

    vault: VaultSettings

    def conflicts(self) -> Iterator[str]:
        if not self.vault.here:
            yield "vault: a stack with the key vault alone makes the CA and needs vault.enabled and vault.address"
        if self.vault.also_trust:
            yield "vault.alsoTrust belongs in the mesh's stack"
        if self.vault.key == "internal":
            yield "vault.key: internal belongs in the mesh's stack"


def gateway_service_conflicts(settings: "Settings") -> Iterator[str]:
    """Yield a sentence for each setting of a gateway's Service that its chart or another gateway rules out."""
    branches = {"ingress": settings.ingress, "egress": settings.egress}
    enabled = {key: branch.service for key, branch in branches.items() if branch.enabled}
    ports = {"ingress": service_ports(settings.traffic.gateways.values()), "egress": CHART_PORTS}
    for key, service in enabled.items():
        if unknown := sorted({*service.node_ports} - {*ports[key]}):
            first, *_ = unknown
            yield f"{key}.service.nodePorts has {first}; its Service has {', '.join(ports[key])}"
        chart = gateway_chart(settings.istio.version)
        if service.load_balancer_class and not facts_of(chart).gateways_have_a_class:
            yield (
                f"{key}.service.loadBalancerClass needs Istio 1.26 or newer; the gateway chart of "
                f"{settings.istio.version} ignores it"
            )
    if len(enabled) == len(branches):
        ingress, egress = (service.node_ports for service in enabled.values())
        for port in sorted({*ingress.values()} & {*egress.values()}):
            yield f"ingress.service.nodePorts and egress.service.nodePorts both have {port}; they must differ"


def destination_conflicts(settings: "Settings") -> Iterator[str]:
    """Yield a sentence for each bound of connections that this version of Istio does not know."""
    version, newer = settings.istio.version, "tcpIdleTimeout and maxConcurrentStreams need Istio 1.21 or newer"
    for name, bounds in ((name, item.connections) for name, item in settings.traffic.destinations.items()):
        if bounds and (bounds.tcp_idle_timeout or bounds.max_concurrent_streams) and facts_of(version).minor < 21:
            yield f"traffic.destinations.{name}.connections: {newer}; {version} ignores them"


def listener_drain_conflicts(settings: "Settings") -> Iterator[str]:
    """Yield a sentence for each drain for which this version of Istio would refuse the whole mesh config."""
    version = settings.istio.version
    for key, branch in {"proxy": settings.proxy, "ingress": settings.ingress, "egress": settings.egress}.items():
        if (seconds := branch.listener_drain_seconds or 0) > 3600 and facts_of(version).minor < 22:
            yield f"{key}.listenerDrainSeconds is {seconds}; Istio {version} accepts at most 3600"


def eviction_conflicts(settings: "Settings") -> Iterator[str]:
    """Yield a sentence for each eviction policy without a PodDisruptionBudget that could have it."""
    version = settings.istio.version
    for key, branch in {"istio": settings.istio, "ingress": settings.ingress, "egress": settings.egress}.items():
        is_known = key != "istio" or facts_of(version).minor >= 27
        if branch.scheduling.unhealthy_pod_eviction_policy and not (is_known and branch.least_pods > 1):
            why = "a single pod has no PodDisruptionBudget" if is_known else f"needs Istio 1.27, not {version}"
            yield f"{key}.scheduling.unhealthyPodEvictionPolicy: {why}; remove it"


def gateway_api_conflicts(settings: "Settings") -> Iterator[str]:
    """Yield a sentence for each setting that `gatewayApi.mode` excludes, or that Gateway API has no field for."""
    own, traffic, facts = settings.gateway_api, settings.traffic, facts_of(settings.istio.version)
    minor, first = facts.minor, gateway_api.FIRST_MINORS
    if own.has_defaults and (own.mode in ("off", "routes") or not facts.has_gateway_classes):
        yield "gatewayApi: resources, replicas and serviceType need mode: managed, and Istio 1.26 or newer"
    if traffic.api == "istio":
        return
    if own.mode == "off":
        yield "traffic.api: gateway has no effect with gatewayApi.mode: off; set gatewayApi.mode: routes or api: istio"
    if minor < first["Gateway"]:
        yield f"traffic.api: gateway needs Istio 1.{first['Gateway']} or newer; istio.version is 1.{minor}"
    else:
        yield from (f"traffic.canaries.{name} {gateway_api.SUBSETS}" for name in traffic.canaries)
        for name, route in traffic.routes.items():
            kinds = gateway_api.route_kinds(traffic.gateways, route)
            late = [f": a {kind} needs Istio 1.{first[kind]} or newer" for kind in kinds if minor < first[kind]]
            rests = gateway_api.route_conflicts(route, kinds, settings.namespace_of(route), settings.port_of)
            yield from (f"traffic.routes.{name}{rest}" for rest in (*late, *rests))


def namespace_conflicts(settings: "Settings") -> Iterator[str]:
    """Yield a sentence for each namespace with two purposes, and for each traffic setting of an unknown namespace."""
    taken = {settings.ingress_namespace: "ingress.namespace", settings.istio.namespace: "istio.namespace"}
    for namespace in settings.workload_namespaces:
        other = taken.setdefault(namespace.name, namespace.name_setting)
        if other != namespace.name_setting:
            yield f"{namespace.name_setting} and {other} are both '{namespace.name}'; they must differ"
        deny = namespace.default_deny
        if (deny.enabled or deny.audit) and not namespace.own.injection:
            yield f"{namespace.setting}.injection is false, but sidecars enforce its default deny; disable that too"
        yield from _limits_above_max(settings, namespace)
    known = [namespace.name for namespace in settings.workload_namespaces]
    for key, item in settings.traffic.namespaced():
        if settings.namespace_of(item) not in known:
            yield f"{key}.namespace is '{item.namespace}'; there {existing(known)}"


def _limits_above_max(settings: "Settings", namespace: WorkloadNamespace) -> Iterator[str]:
    """Yield a sentence for each limit that the namespace's own LimitRange would refuse."""
    most, limits = namespace.own.bounds.max, {f"{namespace.setting}.workload": namespace.own.workload.limits}
    if namespace.own.injection:
        limits["proxy.resources"] = settings.proxy.resources.limits
    for (key, amounts), name in product(limits.items(), ("cpu", "memory") if most else ()):
        if (limit := getattr(amounts, name)) > (bound := getattr(most, name)):
            yield f"{key}.limits.{name} {limit} is above {namespace.setting}.bounds.max.{name} {bound}: no pod starts"


def access_log_conflicts(settings: "Settings") -> Iterator[str]:
    """Yield a sentence for each access log that no proxy could write, and each telemetry without its provider."""
    logs, key = settings.observability.access_logs, "observability.accessLogs"
    injected = [namespace.name for namespace in settings.workload_namespaces if namespace.own.injection]
    for name in logs.namespaces:
        if name not in injected:
            yield f"{key}.namespaces has '{name}', which is no namespace of workloads with sidecars; remove it"
    if logs.gateways and not (settings.ingress.enabled or settings.egress.enabled):
        yield f"{key}.gateways is true, but neither gateway is enabled; remove it"
    if logs.paths and not logs.enabled:
        yield f"{key}.paths is true, but nothing is logged; set {key}.gateways or {key}.namespaces too"
    for namespace in settings.workload_namespaces:
        own, place = namespace.own.telemetry, f"{namespace.setting}.telemetry"
        if own.access_log_sampling is not None and namespace.name not in logs.namespaces:
            yield f"{place}.accessLogSampling is given, but {key}.namespaces lacks '{namespace.name}'; add it"
        if own.trace_sampling is not None and "jaeger" not in settings.observability.enabled():
            yield f"{place}.traceSampling needs observability.jaeger.enabled: true"


def revision_conflicts(settings: "Settings") -> Iterator[str]:
    """Yield a sentence for each revision or tag that is used but not defined."""
    canary, tags = settings.istio.canary, settings.istio.tags
    revisions = {DEFAULT_REVISION, *((canary.revision,) if canary else ())}
    for tag, revision in tags.items():
        if tag in revisions:
            yield f"istio.tags has {tag}, the name of a revision; give the tag another name"
        if revision not in revisions:
            yield f"istio.tags.{tag} is '{revision}'; there {existing(revisions)}"
    for key, used in _used_revisions(settings).items():
        if used not in {*revisions, *tags}:
            yield f"{key} is '{used}'; there {existing({*revisions, *tags})}"


def _used_revisions(settings: "Settings") -> dict[str, str]:
    """Return the revision or tag of each branch that does not use the first control plane, by config key."""
    namespaces = {namespace.setting: namespace.own for namespace in settings.workload_namespaces}
    branches = {**namespaces, "ingress": settings.ingress, "egress": settings.egress}
    return {f"{key}.revision": branch.revision for key, branch in branches.items() if branch.revision}


def existing(names: Collection[str]) -> str:
    """Return the names that exist, as the rest of a sentence that begins with "there"."""
    return f"{agreeing(len(names), 'is', 'are')} {', '.join(sorted(names))}"
