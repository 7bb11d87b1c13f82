"""The cluster's DNS: CoreDNS as a process of the control plane, behind the Service address that pods ask."""

from lab.cluster import enter, process
from lab.cluster.binaries import program
from lab.cluster.kubectl import kubectl
from lab.cluster.machines import CONTROL_PLANE, DNS_SERVICE_ADDRESS
from lab.cluster.names import kubeconfig_file

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

SERVICE = f"""
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


def start() -> None:
    """Start CoreDNS and give it the Service address that kubelet tells every pod."""
    corefile = CONTROL_PLANE.folder / "Corefile"
    corefile.write_text(COREFILE % kubeconfig_file("coredns"))
    process.start("coredns", enter.network(CONTROL_PLANE, program("coredns"), "-conf", corefile))
    kubectl("apply", "-f", "-", stdin=SERVICE)
