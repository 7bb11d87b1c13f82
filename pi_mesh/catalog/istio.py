"""What is known of each Istio minor version: the one table that settings, preflight and values consult."""

from dataclasses import dataclass
from datetime import date, timedelta

CERTIFICATE_LIFETIME = timedelta(hours=24)
"""Life of a certificate whose proxy was told no other (SECRET_TTL in pilot/cmd/pilot-agent/options/options.go)."""

UNLIMITED = range(0, 1000)
"""Patches of a minor version of which none was mended."""


@dataclass(frozen=True)
class IstioMinor:
    """Facts about one minor version.

    Sources: istio.io/latest/docs/releases/supported-releases (Kubernetes range, end of life), the charts at the release
    tags (schema, CRDs), istio/istio#51708 (kernel), istio/release-builder release-1.30 (image hub).
    """

    minor: int
    kubernetes: tuple[int, int]
    """The Kubernetes 1.x minors that Istio supports it on, first and last."""
    end_of_life: date
    """The day after which no fixes come."""
    broken_gateway_patches: range = range(0)
    """Patches whose gateway chart fails its own schema under Helm >= 3.18.5, the provider's (istio/istio#57354)."""
    gateway_chart: str = ""
    """The gateway chart that those patches get instead. It has no proxy of its own: istiod injects that.

    It renders the objects that the broken chart without its schema would, but for labels.
    """

    @property
    def needs_48_bit_addresses(self) -> bool:
        """Its Envoy allocates with tcmalloc, which stock Raspberry Pi OS, a kernel of 39-bit addresses, can't serve."""
        return self.minor >= 22

    @property
    def gateways_carry_their_version(self) -> bool:
        """Its gateway chart has the version in the pod template, so that an upgrade restarts the gateways."""
        return self.minor >= 24

    @property
    def crds_are_templates(self) -> bool:
        """Its base chart upgrades the CRDs; older ones carry them in `crds/`, which Helm never upgrades."""
        return self.minor >= 24

    @property
    def gateways_choose_their_probe(self) -> bool:
        """Its gateway chart takes a readiness probe; before, gateways had that of every proxy."""
        return self.minor >= 24


MINORS = {
    row.minor: row
    for row in (
        IstioMinor(20, (25, 29), date(2024, 6, 25)),
        IstioMinor(21, (26, 29), date(2024, 9, 27), broken_gateway_patches=UNLIMITED, gateway_chart="1.20.7"),
        IstioMinor(22, (27, 30), date(2025, 1, 16), broken_gateway_patches=UNLIMITED, gateway_chart="1.20.7"),
        IstioMinor(23, (27, 30), date(2025, 4, 16), broken_gateway_patches=UNLIMITED, gateway_chart="1.20.7"),
        IstioMinor(24, (28, 31), date(2025, 6, 19), broken_gateway_patches=UNLIMITED, gateway_chart="1.25.5"),
        IstioMinor(25, (29, 32), date(2025, 9, 22), broken_gateway_patches=range(0, 5), gateway_chart="1.25.5"),
        IstioMinor(26, (29, 33), date(2025, 12, 22), broken_gateway_patches=range(0, 4), gateway_chart="1.26.8"),
        IstioMinor(27, (29, 33), date(2026, 4, 7), broken_gateway_patches=range(0, 1), gateway_chart="1.27.9"),
        IstioMinor(28, (30, 34), date(2026, 7, 1)),
        IstioMinor(29, (31, 35), date(2026, 8, 31)),
        IstioMinor(30, (32, 36), date(2026, 11, 30)),
        IstioMinor(31, (32, 36), date(2027, 3, 31)),
    )
}
"""By minor number; every version from 1.20 to the newest known."""

OLDEST, NEWEST = min(MINORS), max(MINORS)


def facts_of(version: str) -> IstioMinor:
    """The facts of an exact version such as "1.20.3"; of the newest known for one that is newer than the table.

    Raises KeyError for one that is older.
    """
    return MINORS[min(minor_of(version), NEWEST)]


def is_known(version: str) -> bool:
    """Return True unless the version is newer than the table."""
    return minor_of(version) <= NEWEST


def minor_of(version: str) -> int:
    """Return the minor number of a version such as "1.20.3"."""
    return int(version.split(".")[1])


def gateway_chart(version: str) -> str:
    """Return the version of the gateway chart that goes with an istiod: its own, unless Helm refuses that."""
    facts = facts_of(version)
    return facts.gateway_chart if int(version.split(".")[2]) in facts.broken_gateway_patches else version
