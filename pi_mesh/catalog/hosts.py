"""Chart repositories and image registries that were switched off, and their replacements.

Source: istio.io/latest/blog/2026/retirement-of-gcp: removed in December 2026.
"""

CHARTS = "https://blob.istio.io/istio-release/charts"
CHARTS_OCI = "oci://ghcr.io/istio/release/charts"
HUB = "docker.io/istio"

RETIRED_CHARTS = ("istio-release.storage.googleapis.com", "gcr.io/istio-release", "registry.istio.io")
RETIRED_HUBS = ("gcr.io/istio-release", "gcr.io/istio-testing", "registry.istio.io")


def retired(address: str, hosts: tuple[str, ...]) -> bool:
    bare = address.removeprefix("https://").removeprefix("http://").removeprefix("oci://")
    return any(bare == host or bare.startswith(host + "/") for host in hosts)
