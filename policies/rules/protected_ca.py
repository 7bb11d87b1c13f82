"""The mounts that hold a CA, and the CA's own key, cannot be deleted by accident."""

import re
from collections.abc import Iterator

from .rule import MANDATORY, Bounds, Resource, Rule
from .tree import at, text
from .vault_ca import ENDPOINT, KEY, ROOT

MOUNT = "vault:index/mount:Mount"
_MOUNT_PATH = re.compile(r"/*sys/mounts/+[^/]+")


def breaches(resource: Resource, _: Bounds) -> Iterator[str]:
    if resource.opts.protect and resource.resource_type != ENDPOINT:
        return
    # An engine's plugin may have a name of its own, such as pki-external.
    if resource.resource_type == MOUNT and "pki" in (text(resource.props, "type") or "").lower():
        yield f"PKI mount {at(resource.props, 'path')} is not protected"
    elif resource.resource_type in (ROOT, KEY):
        yield f"the CA's key in {at(resource.props, 'backend')} is not protected"
    elif resource.resource_type == ENDPOINT and _MOUNT_PATH.fullmatch(text(resource.props, "path") or ""):
        yield f"{at(resource.props, 'path')} mounts or tunes an engine where its protection cannot be judged"


RULE = Rule(
    "protected-ca",
    "A PKI mount is protected",
    MANDATORY,
    "deleting the mount destroys the CA's key, and no certificate of the mesh can be renewed",
    "keep protect=True on it; to remove it on purpose, `pulumi state unprotect` it first",
    breaches=breaches,
)
