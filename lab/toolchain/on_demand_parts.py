"""The parts that single tests need, each built when it is first asked for."""

from lab.toolchain.part import Part

_CERT_MANAGER = "github.com/cert-manager/cert-manager"

ON_DEMAND_PARTS = (
    Part(
        "registry",
        "3.1.2",
        {"registry": "github.com/distribution/distribution/v3/cmd/registry"},
        60,
        "tests of pulled images",
        on_demand=True,
    ),
    # Vault's own build tag leaves out the storage and secrets of the clouds: a third of the size, half the time.
    Part(
        "vault",
        "1.21.0",
        {"vault": "github.com/hashicorp/vault"},
        200,
        "tests with Vault",
        tags=("minimal",),
        on_demand=True,
    ),
    Part(
        "cert-manager",
        "1.21.2",
        {"cert-manager": "."},
        120,
        "tests with Vault",
        files={"chart": (_CERT_MANAGER, "deploy/charts/cert-manager")},
        on_demand=True,
    ),
    # Without the web interface, and of the service discoveries only Kubernetes': half the packages.
    Part(
        "prometheus",
        "3.16.0",
        {name: f"github.com/prometheus/prometheus/cmd/{name}" for name in ("prometheus", "promtool")},
        190,
        "tests of metrics and alerts",
        {"github.com/prometheus/common/version.Version": "3.16.0"},
        tags=("remove_all_sd", "enable_kubernetes_sd"),
        on_demand=True,
    ),
)
