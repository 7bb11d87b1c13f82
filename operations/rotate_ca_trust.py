"""The proxies' answers about their trust and certificates, between the steps of a change of root."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pi_mesh.certificates import pem
from pi_mesh.checks import root_use
from pi_mesh.checks.finding import Finding, Subject, error, ok, warning
from pi_mesh.checks.root_use import RootUse
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.proxy_trust import ProxyTrust
from pi_mesh.counts import agreeing, first_of

ID = "proxies"
PROXIES = Subject("proxy")
PAUSE = 3.0
"""Seconds between two rounds of questions."""
SHOWN = 10
Certificates = Iterable[pem.x509.Certificate]


@dataclass(frozen=True)
class Wait:
    """A wait that asks all proxies until they have followed, or until the time is over."""

    context: str
    namespace: str
    """The namespace of istiod."""
    seconds: int

    def until_all_trust(self, roots: Certificates) -> Finding:
        both = " and ".join(map(pem.title, roots))
        use, left = self._until(lambda use: _told(use, use.not_trusting(roots)))
        if left:
            return _late(left, f"not all trust {both} yet, so nothing more is changed")
        return _all(use, "trusts", "trust", both)

    def until_all_rest_on(self, root: pem.x509.Certificate) -> Finding:
        """Wait until no certificate under another root is in use, including istiod's own."""
        use, left = self._until(lambda use: [*_told(use, use.not_resting_on(root)), *use.istiods_not_resting_on(root)])
        if left:
            return _late(left, f"not all certificates are of {pem.title(root)} yet, so the old root stays trusted")
        return _all(use, "holds", "hold", f"certificates of {pem.title(root)}, istiod too")

    def until_none_trusts(self, roots: Certificates) -> Finding:
        """Wait until no proxy trusts the roots, and warn where one still does: longer trust breaks no connection."""
        use, left = self._until(lambda use: [each for root in roots for each in use.trusting(root)])
        dropped = ", ".join(map(pem.title, roots))
        if left:
            shown = _listed(left)
            return warning(ID, PROXIES, f"{shown} trust {dropped} until their certificate is renewed", "restart them")
        return _all(use, "trusts", "trust", f"{dropped} no more")

    def _until(self, left: Callable[[RootUse], list]) -> tuple[RootUse, list]:
        """Return the last answers, and the proxies still left at the end. Raises ClusterUnreachable if none answers."""
        end = time.monotonic() + self.seconds
        while True:
            try:
                use = root_use.read(self.context, self.namespace)
            except ClusterUnreachable:
                if time.monotonic() >= end:
                    raise
            else:
                if not (found := left(use)) or time.monotonic() >= end:
                    return use, found
            time.sleep(PAUSE)


def _told(use: RootUse, left: list[ProxyTrust]) -> list[ProxyTrust]:
    """Add the silent proxies to those left: a proxy without an answer may not trust the new root."""
    return [*left, *use.silent()]


def _all(use: RootUse, does: str, do: str, what: str) -> Finding:
    count = len(use.proxies)
    proxies = agreeing(count, f"the proxy {does}", f"all {count} {do}")
    return ok(ID, PROXIES, f"{proxies} {what}" if count else "no proxy runs", number=count)


def _late(left: list[ProxyTrust | str], message: str) -> Finding:
    ends = [proxy.chain[0].not_valid_after_utc for proxy in left if isinstance(proxy, ProxyTrust) and proxy.chain]
    until = f"wait until they renew their certificates, at {max(ends):%Y-%m-%d %H:%M} UTC at the latest" if ends else ""
    fix = f"{until}, or restart their pods (`kubectl rollout restart`)".lstrip(", ")
    return error(
        ID, PROXIES, f"{message}: {_listed(left)}", f"{fix}; then run the same command again", number=len(left)
    )


def _listed(left: list[ProxyTrust | str]) -> str:
    return first_of([_name(one) for one in left], SHOWN)


def _name(one: ProxyTrust | str) -> str:
    if isinstance(one, str):
        return f"istiod's pod {one}"
    return f"{one.pod} ({one.problem})" if one.problem else one.pod
