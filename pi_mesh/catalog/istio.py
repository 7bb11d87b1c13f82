"""Istio's minor versions: the one table that settings, preflight and values consult."""

from dataclasses import dataclass
from datetime import date, timedelta

CERTIFICATE_LIFETIME = timedelta(hours=24)
"""Lifetime of a certificate if the proxy is given no other (SECRET_TTL in pilot/cmd/pilot-agent/options/options.go)."""

UNLIMITED = range(0, 1000)
"""Patch range of a minor version whose gateway chart was never fixed."""


@dataclass(frozen=True)
class IstioMinor:
    """Facts about one minor version.

    Sources: istio.io/latest/docs/releases/supported-releases (Kubernetes range, end of life), the charts at the release
    tags (schema, CRDs), istio/istio#51708 (kernel), istio/release-builder release-1.30 (image hub).
    """

    minor: int
    kubernetes: tuple[int, int]
    """First and last Kubernetes 1.x minor on which Istio supports this version."""
    end_of_life: date
    """Last day on which Istio fixes security problems of this version."""
    newest_patch: int
    """Newest patch on 2026-11-25 (tags of istio/istio), which an upgrade through this minor version installs."""
    broken_gateway_patches: range = range(0)
    """Patches whose gateway chart fails its own schema under Helm >= 3.18.5, the provider's (istio/istio#57354)."""
    gateway_chart: str = ""
    """Version of the gateway chart that those patches use instead. Gateways still get the proxy that istiod injects.
    Without its schema the broken chart would render the same objects, except for labels."""

    @property
    def needs_48_bit_addresses(self) -> bool:
        """Return True for an Envoy whose tcmalloc needs 48-bit addresses; stock Raspberry Pi OS has a 39-bit kernel."""
        return self.minor >= 22

    @property
    def has_native_nftables(self) -> bool:
        """Return True for a chart with `global.nativeNftables`, by which sidecars need no iptables."""
        return self.minor >= 27

    @property
    def gateways_carry_their_version(self) -> bool:
        """Return True for a gateway chart whose pod template has the version, so that an upgrade restarts gateways."""
        return self.minor >= 24

    @property
    def gateways_have_a_class(self) -> bool:
        """Return True for a gateway chart that gives its Service a loadBalancerClass; older ones ignore the value."""
        return self.minor >= 26

    @property
    def has_gateway_classes(self) -> bool:
        """Return True for an istiod with defaults of each GatewayClass (the value `gatewayClasses` of its chart)."""
        return self.minor >= 26

    @property
    def crds_are_templates(self) -> bool:
        """Return True for a base chart that upgrades the CRDs; Helm never upgrades the `crds/` of older charts."""
        return self.minor >= 24

    @property
    def gateways_choose_their_probe(self) -> bool:
        """Return True for a gateway chart that accepts a readiness probe; older gateways use every proxy's probe."""
        return self.minor >= 24


MINORS = {
    row.minor: row
    for row in (
        IstioMinor(20, (25, 29), date(2024, 6, 25), 8),
        IstioMinor(21, (26, 29), date(2024, 9, 27), 6, broken_gateway_patches=UNLIMITED, gateway_chart="1.20.7"),
        IstioMinor(22, (27, 30), date(2025, 1, 16), 8, broken_gateway_patches=UNLIMITED, gateway_chart="1.20.7"),
        IstioMinor(23, (27, 30), date(2025, 4, 16), 6, broken_gateway_patches=UNLIMITED, gateway_chart="1.20.7"),
        IstioMinor(24, (28, 31), date(2025, 6, 19), 6, broken_gateway_patches=UNLIMITED, gateway_chart="1.25.5"),
        IstioMinor(25, (29, 32), date(2025, 9, 22), 5, broken_gateway_patches=range(0, 5), gateway_chart="1.25.5"),
        IstioMinor(26, (29, 33), date(2025, 12, 22), 8, broken_gateway_patches=range(0, 4), gateway_chart="1.26.8"),
        IstioMinor(27, (29, 33), date(2026, 4, 7), 9, broken_gateway_patches=range(0, 1), gateway_chart="1.27.9"),
        IstioMinor(28, (30, 34), date(2026, 7, 1), 10),
        IstioMinor(29, (31, 35), date(2026, 8, 31), 6),
        IstioMinor(30, (32, 36), date(2026, 11, 30), 3),
        IstioMinor(31, (32, 36), date(2027, 3, 31), 0),
    )
}
"""Every minor version from 1.20 to the newest known one, by minor number."""

GATEWAY_API: dict[str, tuple[str, int, tuple[int, ...]]] = {
    "GatewayClass": ("gatewayclasses", 20, ()),
    "Gateway": ("gateways", 20, ()),
    "HTTPRoute": ("httproutes", 20, ()),
    "GRPCRoute": ("grpcroutes", 22, (1, 1)),
    "BackendTLSPolicy": ("backendtlspolicies", 28, (1, 4)),
    "TLSRoute": ("tlsroutes", 30, (1, 5)),
    "TCPRoute": ("tcproutes", 31, (1, 6)),
}
"""Kinds of the Gateway API: plural, first minor version that reads it by default, and oldest release of that API whose
CRD it does not ignore (istio/istio, pkg/config/schema: collections.gen.go and gatewayapi/minimumversions.go)."""

OLDEST_MINOR, NEWEST_MINOR = min(MINORS), max(MINORS)
OLDEST, BEFORE, NEWEST = (
    f"1.{minor}.{MINORS[minor].newest_patch}" for minor in (OLDEST_MINOR, NEWEST_MINOR - 1, NEWEST_MINOR)
)
SHIPPED = "1.20.3"
"""Version that the Ansible role installed and `Pulumi.pi-cluster.yaml` pins."""


def facts_of(version: str) -> IstioMinor:
    """Return the facts of an exact version such as "1.20.3".

    A version newer than the table gets the facts of the newest known minor. Raises KeyError for a version older than
    the table.
    """
    return MINORS[min(minor_of(version), NEWEST_MINOR)]


def is_known(version: str) -> bool:
    """Return True unless the version is newer than the table."""
    return minor_of(version) <= NEWEST_MINOR


def minor_of(version: str) -> int:
    return numbers_of(version)[1]


def numbers_of(version: str) -> tuple[int, ...]:
    """Return major, minor and patch of a version such as "1.20.3", which compare as versions do."""
    return tuple(map(int, version.split(".")))


def gateway_chart(version: str) -> str:
    """Return the version of the gateway chart to install with an istiod: the same, unless Helm refuses that chart."""
    facts = facts_of(version)
    return facts.gateway_chart if numbers_of(version)[2] in facts.broken_gateway_patches else version
