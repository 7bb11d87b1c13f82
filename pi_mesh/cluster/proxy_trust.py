"""The certificates that running proxies hold: whom each trusts, and with which chain it speaks for itself.

A proxy tells by Envoy's administration port, which listens inside the pod alone: pilot-agent asks there, as for
`istioctl proxy-config secret`. Envoy leaves the private key out of what it tells.
"""

import base64
import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cryptography import x509

from pi_mesh.cluster.client import Client
from pi_mesh.cluster.pods import SIDECAR, Pod, parse

Certificates = tuple[x509.Certificate, ...]

SECRETS = "config_dump?resource=dynamic_active_secrets"
ROOTS, OWN = "ROOTCA", "default"
"""The names under which pilot-agent serves the trusted roots and the workload's own certificate (pkg/security)."""
SECONDS = 30
AT_ONCE = 6


@dataclass(frozen=True)
class ProxyTrust:
    """What one proxy holds; `problem` says why it could not be asked."""

    pod: str
    """NAMESPACE/NAME."""
    owner: str = ""
    """KIND/NAME of what controls the pod."""
    roots: Certificates = ()
    """Whom it trusts."""
    chain: Certificates = ()
    """Its own certificate first, then each one's signer."""
    problem: str = ""

    @property
    def known(self) -> bool:
        """Whether it told both."""
        return bool(self.roots and self.chain)

    def trusts(self, *roots: x509.Certificate) -> bool:
        return set(roots) <= set(self.roots)


def read(context: str) -> list[ProxyTrust]:
    """Ask every running proxy of the cluster. Raises as `pi_mesh.cluster.client.Client` does."""
    with Client(context) as client:
        pods = [pod for pod in map(parse, client.each("/api/v1/pods")) if _has_proxy(pod)]
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return list(pool.map(lambda pod: _of(context, pod), pods))


def _has_proxy(pod: Pod) -> bool:
    return pod.has_sidecar and not pod.finished and not pod.ending and pod.phase == "Running"


def _of(context: str, pod: Pod) -> ProxyTrust:
    name = f"{pod.namespace}/{pod.name}"
    command = ["kubectl", "--context", context, "-n", pod.namespace, "exec", pod.name, "-c", SIDECAR]
    try:
        done = subprocess.run(
            [*command, "--", "pilot-agent", "request", "GET", SECRETS],
            capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        return ProxyTrust(name, pod.owner, problem="the command kubectl is not on PATH")
    except subprocess.TimeoutExpired:
        return ProxyTrust(name, pod.owner, problem=f"no answer within {SECONDS} s")
    if done.returncode:
        return ProxyTrust(name, pod.owner, problem=(done.stderr.strip() or "no answer").splitlines()[-1])
    roots, chain = parse_secrets(done.stdout)
    problem = "" if roots and chain else "its proxy has no certificate of the mesh yet"
    return ProxyTrust(name, pod.owner, roots, chain, problem)


def parse_secrets(text: str) -> tuple[Certificates, Certificates]:
    """Return the trusted roots and the own chain of Envoy's dump of its secrets; empty where it has none."""
    found = dict(_secrets(text))
    roots = found.get(ROOTS, {}).get("validation_context", {}).get("trusted_ca", {})
    own = found.get(OWN, {}).get("tls_certificate", {}).get("certificate_chain", {})
    return _certificates(roots), _certificates(own)


def _secrets(text: str) -> Iterator[tuple[str, dict]]:
    """Yield the name and content of each; a whole dump has them one level deeper."""
    try:
        configs = json.loads(text).get("configs", [])
    except (ValueError, AttributeError):
        return
    for config in configs:
        for entry in config.get("dynamic_active_secrets", [config]):
            yield entry.get("name", ""), entry.get("secret", {})


def _certificates(source: dict) -> Certificates:
    if not (encoded := source.get("inline_bytes")):
        return ()
    try:
        return tuple(x509.load_pem_x509_certificates(base64.b64decode(encoded)))
    except ValueError:
        return ()
