"""The whole settings tree of a stack."""

from collections.abc import Iterator

from pi_mesh.model.base import Model, NamespaceName
from pi_mesh.settings import access_logs, gateway_conflicts, namespaces, revisions
from pi_mesh.settings.ca_source import CaSourceSettings
from pi_mesh.settings.cluster import ClusterSettings
from pi_mesh.settings.gateway import EgressSettings, IngressSettings
from pi_mesh.settings.istio import BaseSettings, IstioSettings, ProxySettings
from pi_mesh.settings.mtls import MtlsSettings
from pi_mesh.settings.namespaces import DestroySettings, FurtherNamespace, TradingSettings, WorkloadNamespace
from pi_mesh.settings.observability import ObservabilitySettings
from pi_mesh.settings.releases import ReleasesSettings
from pi_mesh.settings.sources import ChartSettings, ImageSettings, ReleaseSettings
from pi_mesh.settings.traffic import TrafficSettings
from pi_mesh.settings.traffic.names import NamespacedItem
from pi_mesh.settings.vault import VaultSettings


class Settings(Model):
    """The settings of a stack file; each field is one `pi-mesh:` key."""

    cluster: ClusterSettings
    charts: ChartSettings = ChartSettings()
    images: ImageSettings = ImageSettings()
    release: ReleaseSettings = ReleaseSettings()
    releases: ReleasesSettings = ReleasesSettings()
    istio: IstioSettings
    base: BaseSettings = BaseSettings()
    proxy: ProxySettings = ProxySettings()
    ingress: IngressSettings = IngressSettings()
    egress: EgressSettings = EgressSettings()
    mtls: MtlsSettings = MtlsSettings()
    trading: TradingSettings = TradingSettings()
    namespaces: dict[NamespaceName, FurtherNamespace] = {}
    """Namespaces of workloads beside the trading platform's, by their names."""
    traffic: TrafficSettings = TrafficSettings()
    observability: ObservabilitySettings = ObservabilitySettings()
    vault: VaultSettings = VaultSettings()
    ca: CaSourceSettings = CaSourceSettings()
    destroy: DestroySettings = DestroySettings()

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
        """Return the namespace of the ingress gateway."""
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
            one.name for one in namespaces if one.own.injection and (self.mtls.audit or one.default_deny.audit)
        )

    def namespace_of(self, item: NamespacedItem) -> str:
        """Return the name of the namespace of a traffic setting's object."""
        return item.namespace or self.trading.namespace

    @property
    def of_canary(self) -> "Settings":
        """Return the settings of the second control plane: with its version, and without a further one."""
        canary = self.istio.canary
        assert canary
        alone = self.istio.model_copy(update={"version": canary.version, "canary": None})
        return self.model_copy(update={"istio": alone})

    def conflicts(self) -> Iterator[str]:
        yield from namespaces.conflicts(self)
        homes = (self.istio.namespace, self.ingress.namespace, *(one.name for one in self.workload_namespaces))
        if self.vault.external_signer and (certificates := self.vault.cert_manager.namespace) in homes:
            yield f"vault.certManager.namespace is '{certificates}', a namespace of the mesh; choose another one"
        if self.vault.enabled and self.ca.source != "istiod":
            yield f"ca.source: {self.ca.source} excludes Vault; set vault.enabled: false or ca.source: istiod"
        if self.vault.external_signer and self.ca.also_trust:
            yield 'ca.alsoTrust needs vault.key: exported; see "Another root" in docs/vault.md'
        yield from access_logs.conflicts(self)
        yield from revisions.conflicts(self)
        yield from gateway_conflicts.conflicts(self)
