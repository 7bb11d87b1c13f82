"""The rights that an install and later changes need, and those that the kubeconfig's user lacks."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import NamedTuple

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
NEEDED = (
    ("", "namespaces"),
    ("", "secrets"),
    ("", "services"),
    ("apps", "deployments"),
    ("apiextensions.k8s.io", "customresourcedefinitions"),
    ("rbac.authorization.k8s.io", "clusterroles"),
    ("rbac.authorization.k8s.io", "clusterrolebindings"),
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations"),
    ("security.istio.io", "peerauthentications"),
)
"""API group and resource of the objects that the charts and the program create in any mesh."""
ALSO = (
    ("", "configmaps"),
    ("", "serviceaccounts"),
    ("", "limitranges"),
    ("", "resourcequotas"),
    ("rbac.authorization.k8s.io", "roles"),
    ("rbac.authorization.k8s.io", "rolebindings"),
    ("autoscaling", "horizontalpodautoscalers"),
    ("policy", "poddisruptionbudgets"),
    ("networking.istio.io", "sidecars"),
)
"""API group and resource of the objects that only some settings create."""
CHANGES = ("update", "patch", "delete")

Ask = Callable[[str, dict], dict]
Right = tuple[str, str, str]
"""Verb, API group and resource."""


class Missing(NamedTuple):
    """The rights that the kubeconfig's user lacks."""

    create: tuple[str, ...] = ()
    """RESOURCE.GROUP of what an install creates."""
    change: tuple[str, ...] = ()
    """VERB RESOURCE.GROUP of what a later `up` does, or what only some settings create."""


def missing(ask: Ask) -> Missing:
    """Return the missing rights, as the API server's own authorizers judge."""
    if _allowed(ask, ("*", "*", "*")):
        return Missing()
    create = [("create", *kind) for kind in NEEDED]
    change = [(verb, *kind) for kind, verb in product(NEEDED, CHANGES)]
    change += [(verb, *kind) for kind, verb in product(ALSO, ("create", *CHANGES))]
    with ThreadPoolExecutor(max_workers=5) as pool:
        answers = dict(zip(create + change, pool.map(lambda right: _allowed(ask, right), create + change), strict=True))
    lacking = [right for right, allowed in answers.items() if not allowed]
    named = tuple(_name(right) for right in lacking if right in create)
    return Missing(named, tuple(f"{right[0]} {_name(right)}" for right in lacking if right in change))


def _name(right: Right) -> str:
    _, group, resource = right
    return f"{resource}.{group}".rstrip(".")


def _allowed(ask: Ask, right: Right) -> bool:
    verb, group, resource = right
    attributes = {"verb": verb, "group": group, "resource": resource}
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    answer = ask(REVIEWS, {**review, "spec": {"resourceAttributes": attributes}})
    return answer["status"]["allowed"]
