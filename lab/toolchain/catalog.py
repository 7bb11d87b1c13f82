"""The catalog of the lab's parts and their versions."""

from collections.abc import Iterable

from lab.toolchain.istio_parts import ISTIO_PARTS
from lab.toolchain.part import Part

KUBERNETES = "1.36.3"
PULUMI = "3.259.0"
KUBERNETES_PLUGIN = "4.25.0"

_KUBERNETES_STAMP = {
    f"k8s.io/component-base/version.{name}": value
    for name, value in {"gitVersion": f"v{KUBERNETES}", "gitMajor": "1", "gitMinor": "36"}.items()
}


class UnknownPartError(LookupError):
    """A part or program that the catalog does not have."""


_KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl")
_PYTHON_EXEC = "pulumi-language-python-exec"
_CERT_MANAGER = "github.com/cert-manager/cert-manager"
_KWOK = "sigs.k8s.io/kwok"
_KUBERNETES_PROVIDER = "github.com/pulumi/pulumi-kubernetes/provider/v4"
_CONTAINERD = "github.com/containerd/containerd/v2"
_ECHO = {name: f"istio.io/istio/pkg/test/echo/cmd/{name}" for name in ("client", "server")}

PARTS = (
    Part(
        "kubernetes",
        KUBERNETES,
        {name: f"k8s.io/kubernetes/cmd/{name}" for name in _KUBERNETES},
        308,
        "control plane, nodes",
        _KUBERNETES_STAMP,
    ),
    Part("etcd", "3.6.13", {"etcd": "go.etcd.io/etcd/server/v3"}, 23, "control plane"),
    Part(
        "containerd",
        "2.1.4",
        {name: f"{_CONTAINERD}/cmd/{name}" for name in ("containerd", "containerd-shim-runc-v2", "ctr")},
        45,
        "nodes",
        {f"{_CONTAINERD}/version.Version": "v2.1.4"},
    ),
    # Its main program has the plugins that the Corefile names, and none of the clouds'.
    Part("coredns", "1.12.4", {"coredns": "."}, 52, "names inside the cluster"),
    *ISTIO_PARTS,
    Part(
        "helm",
        "3.20.2",
        {"helm": "helm.sh/helm/v3/cmd/helm"},
        53,
        "charts by hand",
        {"helm.sh/helm/v3/internal/version.version": "v3.20.2"},
        on_demand=True,
    ),
    Part(
        "pulumi",
        PULUMI,
        {"pulumi": "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"},
        150,
        "the program",
        {"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": f"v{PULUMI}"},
    ),
    # Pulumi looks for its language hosts beside itself, and warns of those elsewhere on PATH.
    Part(
        "language-python",
        "3.187.0",
        {"pulumi-language-python": "github.com/pulumi/pulumi/sdk/python/cmd/pulumi-language-python/v3"},
        18,
        "the program",
        files={f"bin/{_PYTHON_EXEC}": ("github.com/pulumi/pulumi/sdk/v3", f"python/cmd/{_PYTHON_EXEC}")},
        home="pulumi",
    ),
    # Its four component types (helm.v4.Chart, yaml.v2, kustomize.v2) compile all of its Go SDK, which takes longer than
    # the rest of the plugin. No program here uses one: the plugin answers `unknown resource type` to them.
    Part(
        "kubernetes-plugin",
        KUBERNETES_PLUGIN,
        {"pulumi-resource-kubernetes": "."},
        110,
        "the program",
        {f"{_KUBERNETES_PROVIDER}/pkg/version.Version": KUBERNETES_PLUGIN},
        without={
            (_KUBERNETES_PROVIDER, "pkg/provider/provider_construct.go"): (
                "providerhelmv4",
                "providerkustomizev2",
                "provideryamlv2",
            )
        },
    ),
    Part("fortio", "1.68.0", {"fortio": "fortio.org/fortio"}, 8, "test application and load"),
    # Fortio holds no WebSocket and no gRPC stream.
    Part("streams", "1.0.0", {"streams": "."}, 20, "connections that stay open"),
    Part(
        "kwok",
        "0.8.0",
        {"kwok": f"{_KWOK}/cmd/kwok"},
        46,
        "simulated nodes",
        {f"{_KWOK}/pkg/consts.Version": "v0.8.0"},
        {"stage": (_KWOK, "kustomize/stage")},
        on_demand=True,
    ),
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
    # The version that Istio 1.31.0 is built with; the mesh's tests call Istio's own echo server.
    Part(
        "conformance",
        "1.6.0",
        {"conformance": ".", "echo-basic": "sigs.k8s.io/gateway-api/conformance/echo-basic", **_ECHO},
        150,
        "the Gateway API's conformance suite",
        files={
            "crd": ("sigs.k8s.io/gateway-api", "config/crd/experimental"),
            "certificates": ("istio.io/istio", "tests/testdata/certs/dns"),
        },
        on_demand=True,
    ),
)

BY_NAME = {part.name: part for part in PARTS}
BY_PROGRAM = {program: part for part in PARTS for program in part.programs}
DEFAULT = tuple(part.name for part in PARTS if not part.on_demand)


def select(names: Iterable[str]) -> list[Part]:
    """Return the named parts in the catalog's order: later ones share what earlier ones compiled.

    Raises `UnknownPartError`.
    """
    selected = set(names)
    if unknown := selected - BY_NAME.keys():
        raise UnknownPartError(f"no part named {', '.join(sorted(unknown))}; there are {', '.join(BY_NAME)}")
    return [part for part in PARTS if part.name in selected]
