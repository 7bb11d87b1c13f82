"""The mounts that hold a CA cannot be deleted by accident."""

from collections.abc import Iterator

from .rule import MANDATORY, Bounds, Resource, Rule

MOUNT = "vault:index/mount:Mount"


def breaches(resource: Resource, _: Bounds) -> Iterator[str]:
    if resource.resource_type == MOUNT and resource.props.get("type") == "pki" and not resource.opts.protect:
        yield f"PKI mount {resource.props.get('path')} is not protected"


RULE = Rule(
    "protected-ca",
    "A PKI mount is protected",
    MANDATORY,
    "deleting the mount destroys the CA's key, and no certificate of the mesh can be renewed",
    "keep protect=True on it; to remove it on purpose, `pulumi state unprotect` it first",
    breaches=breaches,
)
