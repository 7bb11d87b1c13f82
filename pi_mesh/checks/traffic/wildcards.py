"""Each `*` must be a wildcard to Istio, TCP hosts must let out no more than intended, and tokens need an issuer."""

import re
from collections.abc import Iterator

from pi_mesh.catalog.istio import facts_of
from pi_mesh.checks.finding import Finding, error, refused_next, setting, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.traffic.conflicts import grouped
from pi_mesh.settings import Settings

RULES, TCP, TOKENS = "wildcards", "tcp hosts", "tokens"
TEMPLATE = re.compile(r"\{\*\*?\}")
"""Pattern of one path segment (`{*}`) or any number of them (`{**}`)."""
PATHS_HAVE_TEMPLATES = 22
"""First minor version with path templates (istio.io/latest/news/releases/1.22.x/announcing-1.22/change-notes)."""


def check(observation: Observation) -> Iterator[Finding]:
    templates = facts_of(observation.settings.istio.version).minor >= PATHS_HAVE_TEMPLATES
    for name, policy in observation.settings.traffic.authorization.policies.items():
        for number, rule in enumerate(policy.rules):
            where = f"traffic.authorization.policies.{name}.rules[{number}]"
            yield from (_literal(f"{where}.paths", path) for path in rule.paths if not _is_path(path, templates))
            principals = (principal for principal in rule.principals if not _matches(principal))
            yield from (_literal(f"{where}.principals", principal) for principal in principals)
    yield from _tcp(observation.settings)


def _is_path(text: str, templates: bool) -> bool:
    """Return True if Istio treats each `*` of a path as a wildcard, which may be in a template."""
    return "*" not in TEMPLATE.sub("", text) if templates and TEMPLATE.search(text) else _matches(text)


def _matches(text: str) -> bool:
    """Return True if Istio treats each `*` as a wildcard: alone or at one end (pilot/pkg/security/authz/matcher)."""
    return "*" not in text.removeprefix("*") or "*" not in text.removesuffix("*")


def _literal(where: str, text: str) -> Finding:
    message = f"{text} matches nothing: Istio treats a * as a wildcard only alone or at exactly one end"
    return refused_next(RULES, setting(where), message, "leave one * at one end, or name each value")


def _tcp(settings: Settings) -> Iterator[Finding]:
    externals, captures = settings.traffic.external.items(), settings.proxy.dns_capture
    tcp = {name: own for name, own in externals if own.protocol == "TCP" and not own.addresses}
    by_port = {name: own for name, own in tcp.items() if own.has_wildcard or not captures}
    for name, external in by_port.items():
        subject, port = setting(f"traffic.external.{name}"), external.number
        if external.has_wildcard:
            message = f"lets out connections to any host on port {port}: TCP names no host, a * has no address"
            yield refused_next(TCP, subject, message, "name the hosts, or give addresses")
        else:
            message = f"gets every connection to port {port} that no Service and no other entry claims"
            fix = "set proxy.dnsCapture: true, or give addresses, so that it gets those of its own hosts alone"
            yield warning(TCP, subject, message, fix)
    for port, names in grouped((port, name) for name, own in by_port.items() for port in (own.number, *own.more_ports)):
        message = f"{' and '.join(names)} share port {port} without addresses, and one of them gets all connections"
        fix = "set proxy.dnsCapture: true, or give each of them addresses"
        yield refused_next(TCP, setting("traffic.external"), message, fix)
    by_host = tcp if captures else {}
    for host, names in grouped((host, name) for name, own in by_host.items() for host in own.hosts):
        # https://github.com/istio/istio/issues/55266
        message = f"{' and '.join(names)} are both about {host}, which then gets the address of one of them alone"
        yield error(TCP, setting("traffic.external"), message, "give one of them the other's port in morePorts")


def check_tokens(observation: Observation) -> Iterator[Finding]:
    """Yield an error for a rule by token without an issuer, and a warning for an issuer without such a rule."""
    authorization = observation.settings.traffic.authorization
    required = False
    for name, policy in authorization.policies.items():
        for number, rule in enumerate(policy.rules):
            required = required or rule.needs_token
            if rule.needs_token and not authorization.tokens:
                message = "matches no request: no issuer of tokens is declared, so no token is verified"
                where = setting(f"traffic.authorization.policies.{name}.rules[{number}]")
                yield error(TOKENS, where, message, "declare the issuer in traffic.authorization.tokens")
    if authorization.tokens and not required:
        message = "verify tokens, and no policy requires one: requests without a token pass"
        fix = 'give a rule of an ALLOW policy requestPrincipals, such as ["ISSUER/*"]'
        yield warning(TOKENS, setting("traffic.authorization.tokens"), message, fix)
