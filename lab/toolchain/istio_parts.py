"""Istio's parts: the version that the lab runs, and older ones to upgrade from; each is built from its own module."""

from lab.toolchain.part import Part

ISTIO = "1.31.0"

MODULE = "istio.io/istio"
_CHARTS = "manifests/charts"
_BOOTSTRAP = {"envoy_bootstrap.json": (MODULE, "tools/packaging/common/envoy_bootstrap.json")}
_VERSION = f"{MODULE}/pkg/version"


def program_name(name: str, version: str) -> str:
    """Return the catalog's name of a program of one Istio version: the lab's own version has the plain names."""
    return name if version == ISTIO else f"{name}-{_minor(version)}"


def _minor(version: str) -> str:
    return version.rpartition(".")[0]


def _images_programs(version: str) -> dict[str, str]:
    names = ("pilot-discovery", "pilot-agent")
    return {program_name(name, version): f"{MODULE}/pilot/cmd/{name}" for name in names}


def _older(version: str, commit: str, seconds: int) -> Part:
    """Return a part with what the images need; istioctl and the tests' charts are the lab's own."""
    return Part(
        f"istio-{_minor(version)}",
        version,
        _images_programs(version),
        seconds,
        f"an upgrade from {version}",
        {f"{_VERSION}.buildVersion": version, f"{_VERSION}.buildGitRevision": commit},
        _BOOTSTRAP,
        on_demand=True,
    )


ISTIO_PARTS = (
    Part(
        "istio",
        ISTIO,
        _images_programs(ISTIO) | {"istioctl": f"{MODULE}/istioctl/cmd/istioctl"},
        210,
        "images pilot and proxyv2, charts, istioctl",
        {f"{_VERSION}.buildVersion": ISTIO},
        _BOOTSTRAP
        | {
            "charts/base": (MODULE, f"{_CHARTS}/base"),
            "charts/istiod": (MODULE, f"{_CHARTS}/istio-control/istio-discovery"),
            "charts/gateway": (MODULE, f"{_CHARTS}/gateway"),
        },
        # As upstream builds it: Envoy's messages without validators of their own, which are 7 % of the source.
        tags=("disable_pgv",),
    ),
    # Not a release: a commit of the main branch, ten days and 48 commits after 1.30 left it. Seven files of its charts
    # differ from 1.30.0's. Module proxies that serve no commit of the branch release-1.30 serve this one.
    _older("1.30.0", "b01690e6db7d", 240),
    _older("1.27.9", "b9159ca3e5d5", 240),
)

CONTROL_PLANES = {part.version: part for part in ISTIO_PARTS}
"""The versions that the lab can run, newest first."""
