"""A policy for Vault, read from its file."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lab.cluster.names import CHECKOUT

FILE = CHECKOUT / "docs/vault/policy.hcl"
RULE = re.compile(r'^path "(?P<path>[^"]+)" \{\n(?P<body>.*?)^\}\n', re.DOTALL | re.MULTILINE)
SIGN = "pki/root/sign-intermediate"
PARAMETER = re.compile(r'"([^"]+)"\s*=\s*(\[[^\]]*\])')


@dataclass(frozen=True)
class Rule:
    """A rule of a policy for one path."""

    path: str
    capabilities: tuple[str, ...]
    allowed: Mapping[str, list] = field(default_factory=dict)
    """Allowed values by parameter, where none means any; without any parameter all are allowed."""
    required: tuple[str, ...] = ()

    @property
    def grants(self) -> set[str]:
        """Return grants such as "read pki_int/config/urls", as the audit log spells them."""
        return {f"{capability} {self.path}" for capability in self.capabilities}


def rules(text: str) -> Iterator[Rule]:
    """Read a policy (HCL) in this project's form."""
    for block in RULE.finditer(text):
        body = block["body"]
        allowed = re.search(r"allowed_parameters\s*=\s*\{(.*?)\}", body, re.DOTALL)
        parameters = PARAMETER.findall(allowed[1]) if allowed else []
        yield Rule(
            block["path"],
            _list(body, "capabilities"),
            {name: json.loads(values) for name, values in parameters},
            _list(body, "required_parameters"),
        )


def grants(text: str) -> set[str]:
    """Return all grants of a policy."""
    return {grant for rule in rules(text) for grant in rule.grants}


def without(text: str, grant: str) -> str:
    """Return the policy (HCL) without one of its grants."""
    capability, path = grant.split()
    (block,) = (block for block in RULE.finditer(text) if block["path"] == path)
    (rule,) = (rule for rule in rules(text) if rule.path == path)
    left = json.dumps([one for one in rule.capabilities if one != capability])
    fewer = re.sub(r"capabilities(\s*)= \[.*?\]", rf"capabilities\1= {left}", block[0])
    return text.replace(block[0], fewer if left != "[]" else "")


def for_roots(text: str, *mounts: str) -> str:
    """Return the policy (HCL) for the roots at these mounts in place of its own."""
    (block,) = (block[0] for block in RULE.finditer(text) if block["path"] == SIGN)
    return text.replace(block, "".join(block.replace(SIGN, f"{mount}/root/sign-intermediate") for mount in mounts))


def with_lives(text: str, *ttls: str) -> str:
    """Return the policy (HCL) for these lives of the CA (vault.ttl)."""
    return re.sub(r'("ttl"\s*= )\[.*?\]', lambda found: found[1] + json.dumps(ttls), text)


def _list(body: str, name: str) -> tuple[str, ...]:
    found = re.search(rf"^\s*{name}\s*= (\[.*?\])", body, re.MULTILINE)
    return tuple(json.loads(found[1])) if found else ()
