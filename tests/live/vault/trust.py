"""The trust and the certificates of the running proxies, in words."""

from cryptography.x509 import Certificate

from pi_mesh.certificates import chains, pem
from pi_mesh.checks import root_trust
from pi_mesh.cluster.certificates_in_use import ProxyTrust
from tests.live.vault.mesh import CONTEXT, CONTROL


def proxies() -> tuple[ProxyTrust, ...]:
    """Return the trust of every proxy of the local cluster."""
    return root_trust.read_root_use(CONTEXT, CONTROL).proxies


def table(*known: Certificate) -> list[str]:
    """Return a line for each proxy: the roots that it trusts, and the root of its own certificate."""
    return [
        f"{_plain(each.pod)}: trusts {_titles(each.roots)}; holds one of {_root(each, known)}" for each in proxies()
    ]


def _root(proxy: ProxyTrust, known: tuple[Certificate, ...]) -> str:
    return _titles(
        root for root in known if proxy.chain and chains.leads_to_root(proxy.chain[0], root, proxy.chain[1:])
    )


def _titles(certificates) -> str:
    return ", ".join(sorted(map(pem.title, certificates))) or "none"


def _plain(pod: str) -> str:
    return pod.rsplit("-", 2)[0]
