"""Resources as the engine gives them to a rule, and the violations of that rule."""

import re
from copy import deepcopy
from typing import Any

from google.protobuf import json_format, struct_pb2
from pulumi_policy import PolicyCustomTimeouts, PolicyResource, PolicyResourceOptions
from pulumi_policy import ResourceValidationArgs as OfResource
from pulumi_policy import StackValidationArgs as OfStack
from pulumi_policy.deserialize import deserialize_properties
from pulumi_policy.proxy import unknown_checking_proxy

from policies.rules import Rule
from tests.support.versions import SHIPPED

RELEASE = "kubernetes:helm.sh/v3:Release"
ARM = {"kubernetes.io/arch": "arm64"}
RESOURCES = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"}}


def props_of_engine(props: dict[str, Any]) -> Any:
    """Return the properties after the wire.

    Numbers are floats, lists and objects are proxies that refuse unknown values.
    """
    message = json_format.ParseDict(props, struct_pb2.Struct())
    return unknown_checking_proxy(deserialize_properties(json_format.MessageToDict(message)))


def options(protect: bool = False) -> PolicyResourceOptions:
    return PolicyResourceOptions(protect, [], None, [], PolicyCustomTimeouts(0, 0, 0), [])


def changed(props: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a copy in which `values__pilot__resources=x` replaces a nested value; None removes it."""
    copy = deepcopy(props)
    for path, value in changes.items():
        *parents, last = path.split("__")
        branch = copy
        for parent in parents:
            branch = branch.setdefault(parent, {})
        if value is None:
            branch.pop(last, None)
        else:
            branch[last] = value
    return copy


def istiod(**changes: Any) -> dict[str, Any]:
    """Return a release of istiod that keeps every rule."""
    values = {
        "global": {"hub": "docker.io/istio", "proxy": {"resources": RESOURCES}},
        "pilot": {"resources": RESOURCES, "autoscaleEnabled": False, "nodeSelector": ARM},
    }
    props = {"chart": "istiod", "version": SHIPPED, "namespace": "istio-system", "values": values}
    return changed({**props, "repositoryOpts": {"repo": "https://blob.istio.io/istio-release/charts"}}, **changes)


def gateway(**changes: Any) -> dict[str, Any]:
    """Return a release of a gateway that keeps every rule."""
    values = {"resources": RESOURCES, "autoscaling": {"enabled": False}, "nodeSelector": ARM}
    return changed(istiod(chart="gateway", values=values), **changes)


def kubernetes(api: str, kind: str, name: str, spec: dict[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec or {}}


def peer(mode: str = "STRICT", namespace: str = "istio-system", **spec: Any) -> dict[str, Any]:
    spec = {"mtls": {"mode": mode}, **spec}
    return kubernetes("security.istio.io/v1beta1", "PeerAuthentication", "default", spec, namespace=namespace)


def token(props: dict[str, Any]) -> str:
    """Return the resource type of a Kubernetes object or a release."""
    return f"kubernetes:{props['apiVersion']}:{props['kind']}" if "kind" in props else RELEASE


def said(rule: Rule, props: dict[str, Any], type_: str = "", protect: bool = False, **bounds: Any) -> list[str]:
    """Return the violations that the rule reports for one resource."""
    own = props_of_engine(props), "urn", "name", options(protect), None
    return _violations(rule, OfResource(type_ or token(props), *own, props_of_engine(bounds)))


def _violations(rule: Rule, args: OfResource | OfStack) -> list[str]:
    messages: list[str] = []
    policy: Any = rule.policy()
    policy.validate(args, lambda message, _=None: messages.append(message))
    return messages


def asked(props: dict[str, Any], type_: str = "", **how: Any) -> dict[str, Any]:
    """Return a resource with the type, the protection and the bounds with which a rule is asked about it."""
    return {"props": props, "type_": type_, **how}


def assert_said(rule: Rule, given: dict[str, Any], words: str, type_: str = "", **how: Any) -> None:
    """Assert one violation that begins with these words, of which "…" means any; without words, no violation."""
    pattern = ".*".join(map(re.escape, words.split("…")))
    messages = said(rule, **(given if "props" in given else asked(given, type_, **how)))
    assert [bool(re.match(pattern, message, re.DOTALL)) for message in messages] == [True] * bool(words), messages


def said_of_all(rule: Rule, *resources: tuple[str, dict[str, Any]], **bounds: Any) -> list[str]:
    """Return the violations that the rule reports for a whole stack of (type, properties)."""
    stack = [
        PolicyResource(type_, props_of_engine(props), "urn", "name", options(), None, None, [], {})
        for type_, props in resources
    ]
    return _violations(rule, OfStack(stack, props_of_engine(bounds)))
