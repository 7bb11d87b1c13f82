"""The match of a rule of an AuthorizationPolicy with a call: yes, no, or some of its requests.

https://istio.io/latest/docs/reference/config/security/authorization-policy/
"""

from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum, auto
from ipaddress import ip_address, ip_network
from typing import Any

from pi_mesh.checks.call.described import LOCAL, Call, Callee


class Match(IntEnum):
    """The answer of a condition; all of several conditions match as the least of them, any as the greatest."""

    NO = 0
    SOME = auto()
    """The condition depends on the request: its path, method, host, headers or token."""
    YES = auto()


class Rules:
    """The rules that a call to one pod meets."""

    def __init__(self, call: Call, callee: Callee, identified: bool) -> None:
        """Judge for a caller that shows a certificate, or for one in plain text."""
        self._call, self._callee = call, callee
        self._namespace = call.caller.namespace if identified else ""
        self._principal = call.principal if identified else ""
        self._account = f"{self._namespace}/{call.caller.service_account}" if identified else ""

    def match(self, rule: Mapping[str, Any], denies: bool) -> Match:
        """Return how a rule matches. Conditions about HTTP never allow a call by TCP, nor narrow a denial of it."""
        sources = [(entry or {}).get("source") or {} for entry in rule.get("from") or [{}]]
        operations = [(entry or {}).get("operation") or {} for entry in rule.get("to") or [{}]]
        from_here = max(_all(self._of_source(key, values) for key, values in one.items()) for one in sources)
        of_this = max(
            _all(self._of_operation(key, values, denies) for key, values in one.items()) for one in operations
        )
        when = _all(self._of_condition(one, denies) for one in rule.get("when") or [])
        return min(from_here, of_this, when)

    def _of_source(self, key: str, values: list[str]) -> Match:
        known: dict[str, Callable[[str], bool]] = {
            "principals": lambda value: _fits(value, self._principal, _own_domain(self._principal)),
            "namespaces": lambda value: _fits(value, self._namespace),
            "serviceAccounts": lambda value: _account(value, self._callee.pod.namespace) == self._account != "",
            "ipBlocks": lambda value: _within(self._call.caller.address, value),
        }
        return _by_kind(key, values, known)

    def _of_operation(self, key: str, values: list[str], denies: bool) -> Match:
        known = {"ports": lambda value: value == str(self._callee.port)}
        return self._http(denies) if _plain_key(key) not in known else _by_kind(key, values, known)

    def _of_condition(self, condition: Mapping[str, Any], denies: bool) -> Match:
        known: dict[str, Callable[[str], bool]] = {
            "source.namespace": lambda value: _fits(value, self._namespace),
            "source.principal": lambda value: _fits(value, self._principal, _own_domain(self._principal)),
            "source.ip": lambda value: _within(self._call.caller.address, value),
            "destination.ip": lambda value: _within(self._callee.pod.address, value),
            "destination.port": lambda value: value == str(self._callee.port),
        }
        key = condition.get("key", "")
        if key not in known:
            return self._http(denies) if key.startswith("request.") else Match.SOME
        given = [known[key](value) for value in condition.get("values") or []]
        denied = [known[key](value) for value in condition.get("notValues") or []]
        return Match.YES if (any(given) or not given) and not any(denied) else Match.NO

    def _http(self, denies: bool) -> Match:
        """Return the match of a condition about HTTP; a denying rule ignores it where there is no HTTP."""
        if self._call.port.is_http:
            return Match.SOME
        return Match.YES if denies else Match.NO


def _by_kind(key: str, values: list[str], known: Mapping[str, Callable[[str], bool]]) -> Match:
    name = _plain_key(key)
    if name not in known:
        return Match.SOME
    matched = any(known[name](value) for value in values)
    return Match.YES if matched != (key != name) else Match.NO


def _plain_key(key: str) -> str:
    """Return the name of a condition without its negation: `notPorts` is the opposite of `ports`."""
    return f"{key[3].lower()}{key[4:]}" if key.startswith("not") else key


def _all(matches: Iterable[Match]) -> Match:
    return min(matches, default=Match.YES)


def _fits(pattern: str, *values: str) -> bool:
    """Return True if a pattern with a `*` at one end fits one of these values; nothing fits an empty value."""
    return any(_fits_one(pattern, value) for value in values if value)


def _fits_one(pattern: str, value: str) -> bool:
    if pattern.startswith("*"):
        return value.endswith(pattern.removeprefix("*"))
    return value.startswith(pattern.removesuffix("*")) if pattern.endswith("*") else value == pattern


def _own_domain(principal: str) -> str:
    """Return the identity under the name that stands for the mesh's own trust domain in every policy."""
    return f"{LOCAL}/{principal.partition('/')[2]}" if principal else ""


def _account(value: str, namespace: str) -> str:
    """Return a service account with its namespace: the policy's pod's, where it names none."""
    return value if "/" in value else f"{namespace}/{value}"


def _within(address: str, block: str) -> bool:
    return bool(address) and ip_address(address) in ip_network(block, strict=False)
