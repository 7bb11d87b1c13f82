"""The control plane: etcd, API server, controller manager, scheduler, CoreDNS, and a kube-proxy of its own."""

from lab.cluster import certificates, enter, process
from lab.cluster.binaries import program
from lab.cluster.kubectl import kubectl
from lab.cluster.machines import (
    API_PORT,
    API_SERVICE_ADDRESS,
    API_URL,
    CONTROL_PLANE,
    DNS_SERVICE_ADDRESS,
    NODES,
    POD_RANGE,
    SERVICE_RANGE,
)
from lab.cluster.names import ADMIN, AUTHORITY, certificate_file, key_file, kubeconfig_file
from lab.cluster.state import api_is_ready

ETCD_URL = "http://127.0.0.1:2379"
MASTERS = "system:masters"
# name of the certificate -> its user and group: Kubernetes binds its Roles to these
IDENTITIES = {
    ADMIN: ("lab-admin", MASTERS),
    "apiserver-kubelet-client": ("kube-apiserver-kubelet-client", MASTERS),
    "kube-controller-manager": ("system:kube-controller-manager", ""),
    "kube-scheduler": ("system:kube-scheduler", ""),
    "kube-proxy": ("system:kube-proxy", ""),
    "coredns": ("lab-coredns", MASTERS),
    **{f"kubelet-{node.name}": (f"system:node:{node.name}", "system:nodes") for node in NODES},
}
SERVER_HOSTS = (
    "127.0.0.1", "localhost", CONTROL_PLANE.address, API_SERVICE_ADDRESS,
    "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
)  # fmt: skip
COREFILE = f"""
.:53 {{
    bind {CONTROL_PLANE.address}
    errors
    ready 127.0.0.1:8181
    kubernetes cluster.local in-addr.arpa {{
        kubeconfig %s lab
        pods insecure
        ttl 5
    }}
    cache 5
}}
"""

DNS_SERVICE = f"""
apiVersion: v1
kind: Service
metadata: {{name: kube-dns, namespace: kube-system, labels: {{k8s-app: kube-dns}}}}
spec:
  clusterIP: {DNS_SERVICE_ADDRESS}
  ports:
  - {{name: dns, port: 53, protocol: UDP}}
  - {{name: dns-tcp, port: 53, protocol: TCP}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: kube-dns, namespace: kube-system, labels: {{kubernetes.io/service-name: kube-dns}}}}
addressType: IPv4
endpoints:
- addresses: [{CONTROL_PLANE.address}]
ports:
- {{name: dns, port: 53, protocol: UDP}}
- {{name: dns-tcp, port: 53, protocol: TCP}}
"""


def create_certificates() -> None:
    """Create the certificates and kubeconfigs of everything that talks to the API server."""
    certificates.create_authority()
    certificates.create_key("service-account")
    certificates.issue("apiserver", "kube-apiserver", hosts=SERVER_HOSTS)
    for name, (user, group) in IDENTITIES.items():
        certificates.issue(name, user, group)
        certificates.write_component_kubeconfig(name, API_URL)


def start_api() -> None:
    """Start etcd and the API server, and wait until it answers."""
    CONTROL_PLANE.folder.mkdir(parents=True, exist_ok=True)
    process.start("etcd", enter.network(CONTROL_PLANE, program("etcd"), *_etcd_flags()))
    start_api_server()


def start_api_server() -> None:
    """Start the API server alone, and wait until it answers."""
    process.start("kube-apiserver", enter.network(CONTROL_PLANE, program("kube-apiserver"), *_api_flags()))
    process.wait("kube-apiserver", api_is_ready)


def start_controllers() -> None:
    """Start the controller manager, the scheduler, and kube-proxy for the control plane itself."""
    for name, flags in (("kube-controller-manager", _controller_flags()), ("kube-scheduler", _scheduler_flags())):
        process.start(name, enter.network(CONTROL_PLANE, program(name), *flags))
    # kube-proxy reads its address from a Node, and the control plane is none. Any node's name will do: only
    # services that prefer their own node would notice.
    process.start("kube-proxy-cp", enter.first(CONTROL_PLANE, program("kube-proxy"), *proxy_flags(NODES[0].name)))


def start_dns() -> None:
    """Start CoreDNS as a process of the control plane, and give it the Service address that kubelet tells every pod."""
    corefile = CONTROL_PLANE.folder / "Corefile"
    corefile.write_text(COREFILE % kubeconfig_file("coredns"))
    process.start("coredns", enter.network(CONTROL_PLANE, program("coredns"), "-conf", corefile))
    kubectl("apply", "-f", "-", stdin=DNS_SERVICE)


def proxy_flags(node: str) -> list[str]:
    """Return kube-proxy's flags; conntrack's limits belong to the real machine and stay as they are."""
    return [
        f"--kubeconfig={kubeconfig_file('kube-proxy')}", f"--hostname-override={node}",
        "--proxy-mode=iptables", f"--cluster-cidr={POD_RANGE}", "--conntrack-max-per-core=0", "--oom-score-adj=0",
        "--conntrack-tcp-timeout-established=0", "--conntrack-tcp-timeout-close-wait=0",
    ]  # fmt: skip


def _etcd_flags() -> list[str]:
    return [
        f"--data-dir={CONTROL_PLANE.folder / 'etcd'}", "--unsafe-no-fsync",
        f"--listen-client-urls={ETCD_URL}", f"--advertise-client-urls={ETCD_URL}", "--log-level=warn",
    ]  # fmt: skip


def _api_flags() -> list[str]:
    return [
        f"--etcd-servers={ETCD_URL}", f"--service-cluster-ip-range={SERVICE_RANGE}", f"--secure-port={API_PORT}",
        f"--advertise-address={CONTROL_PLANE.address}", "--allow-privileged", "--authorization-mode=Node,RBAC",
        f"--client-ca-file={certificate_file(AUTHORITY)}",
        f"--tls-cert-file={certificate_file('apiserver')}", f"--tls-private-key-file={key_file('apiserver')}",
        f"--kubelet-client-certificate={certificate_file('apiserver-kubelet-client')}",
        f"--kubelet-client-key={key_file('apiserver-kubelet-client')}",
        "--kubelet-preferred-address-types=InternalIP",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={certificate_file('service-account')}",
        f"--service-account-signing-key-file={key_file('service-account')}",
    ]  # fmt: skip


def _controller_flags() -> list[str]:
    return [
        f"--kubeconfig={kubeconfig_file('kube-controller-manager')}", "--leader-elect=false",
        "--use-service-account-credentials", f"--root-ca-file={certificate_file(AUTHORITY)}",
        f"--service-account-private-key-file={key_file('service-account')}", "--node-monitor-grace-period=25s",
    ]  # fmt: skip


def _scheduler_flags() -> list[str]:
    return [f"--kubeconfig={kubeconfig_file('kube-scheduler')}", "--leader-elect=false"]
