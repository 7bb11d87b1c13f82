"""A second control plane beside the first, revision tags, and the proxies that each of them configures."""

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Annotated

from pi_mesh.counts import agreeing
from pi_mesh.model.base import Model
from pi_mesh.model.patterns import matching
from pi_mesh.settings.versions import IstioVersion

if TYPE_CHECKING:
    from pi_mesh.settings.tree import Settings

FIRST = "default"
"""Istio's name for the revision of a control plane without one; the first one of a stack never has a revision."""

RevisionName = Annotated[
    str,
    matching(
        r"^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$",
        'a name such as "1-31-0": at most 40 small letters, digits and inner dashes',
    ),
]


class CanarySettings(Model):
    """A second control plane, to which namespaces and gateways move one by one."""

    version: IstioVersion
    """Istio version of the second control plane, up to two minor versions newer than istio.version. The base chart,
    with the CRDs, has the newer version of both."""
    revision: RevisionName
    """Name of the revision; its istiod is called istiod-REVISION."""

    def conflicts(self) -> Iterator[str]:
        if self.revision == FIRST:
            yield f"revision is '{FIRST}', the first control plane's; name it after its version, such as 1-31-0"


def conflicts(settings: "Settings") -> Iterator[str]:
    """Yield a sentence for each revision or tag that is used but not defined."""
    canary, tags = settings.istio.canary, settings.istio.tags
    revisions = {FIRST, *((canary.revision,) if canary else ())}
    for tag, revision in tags.items():
        if tag in revisions:
            yield f"istio.tags has {tag}, the name of a revision; give the tag another name"
        if revision not in revisions:
            yield f"istio.tags.{tag} is '{revision}'; there {there(revisions)}"
    for key, used in _uses(settings).items():
        if used not in {*revisions, *tags}:
            yield f"{key} is '{used}'; there {there({*revisions, *tags})}"


def _uses(settings: "Settings") -> dict[str, str]:
    """Return the revision or tag of each branch that does not use the first control plane, by config key."""
    namespaces = {namespace.setting: namespace.own for namespace in settings.workload_namespaces}
    branches = {**namespaces, "ingress": settings.ingress, "egress": settings.egress}
    return {f"{key}.revision": branch.revision for key, branch in branches.items() if branch.revision}


def there(names: Collection[str]) -> str:
    """Return the names that exist, as the rest of a sentence that begins with "there"."""
    return f"{agreeing(len(names), 'is', 'are')} {', '.join(sorted(names))}"
