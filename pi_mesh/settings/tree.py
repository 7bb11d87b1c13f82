"""The whole settings tree of a stack."""

from typing import Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from pi_mesh.catalog.istio import gateway_chart_is_broken
from pi_mesh.model.base import Model
from pi_mesh.settings.cluster import ClusterSettings
from pi_mesh.settings.gateway import EgressSettings, GatewaySettings
from pi_mesh.settings.istio import BaseSettings, IstioSettings, ProxySettings
from pi_mesh.settings.namespaces import DestroySettings, MtlsSettings, TradingSettings
from pi_mesh.settings.observability import ObservabilitySettings
from pi_mesh.settings.sources import ChartSettings, ImageSettings, ReleaseSettings
from pi_mesh.settings.traffic import TrafficSettings
from pi_mesh.settings.vault import VaultSettings


class Settings(Model):
    """Everything that a stack file may say; each field is one `pi-mesh:` key."""

    cluster: ClusterSettings
    charts: ChartSettings = ChartSettings()
    images: ImageSettings = ImageSettings()
    release: ReleaseSettings = ReleaseSettings()
    istio: IstioSettings
    base: BaseSettings = BaseSettings()
    proxy: ProxySettings = ProxySettings()
    ingress: GatewaySettings = GatewaySettings()
    egress: EgressSettings = EgressSettings()
    mtls: MtlsSettings = MtlsSettings()
    trading: TradingSettings = TradingSettings()
    traffic: TrafficSettings = TrafficSettings()
    observability: ObservabilitySettings = ObservabilitySettings()
    vault: VaultSettings = VaultSettings()
    destroy: DestroySettings = DestroySettings()

    @model_validator(mode="after")
    def namespaces_differ(self) -> Self:
        if self.trading.namespace == self.istio.namespace:
            raise PydanticCustomError(
                "same_namespace",
                "trading.namespace and istio.namespace are both '{name}'; the control plane needs one of its own",
                {"name": self.istio.namespace},
            )
        return self

    @model_validator(mode="after")
    def cert_manager_has_a_namespace(self) -> Self:
        name = self.vault.cert_manager.namespace
        if self.vault.keyless and name in (self.istio.namespace, self.trading.namespace):
            raise PydanticCustomError(
                "cert_manager_namespace",
                "vault.certManager.namespace is '{name}', the mesh's own; cert-manager needs another",
                {"name": name},
            )
        return self

    @model_validator(mode="after")
    def gateway_charts_install(self) -> Self:
        if (self.ingress.enabled or self.egress.enabled) and gateway_chart_is_broken(self.istio.version):
            raise PydanticCustomError(
                "broken_chart",
                "istio.version {version} has a gateway chart that Helm >= 3.18.5 refuses (istio/istio#57354); "
                "use 1.20.x, 1.25.5, 1.26.4, 1.27.1 or newer, or switch ingress.enabled and egress.enabled off",
                {"version": self.istio.version},
            )
        return self
