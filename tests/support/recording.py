"""The record of a Pulumi program."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Registered:
    """A resource as the program registered it."""

    type: str
    name: str
    props: dict
    parent: str
    """Name of the parent."""
    dependencies: frozenset[str]
    """Names of the resources that it depends on."""
    provider: str
    """Name of the provider resource; empty for the default one."""
    protect: bool
    retain_on_delete: bool
    delete_before_replace: bool
    timeouts: dict[str, str]
    secret_outputs: tuple[str, ...]
    ignored_changes: tuple[str, ...] = ()
    deleted_with: str = ""
    """Name of the resource whose deletion takes this one along."""
    urn: str = ""
    at_root: bool = False
    """True if the resource may be in the state without its parent, directly below the stack."""
    hooks: frozenset[str] = frozenset()
    """Moments at which hooks run: "after_create", "after_update", ..."""


@dataclass
class Recording:
    """The resources of one run, with its exports and its log."""

    resources: list[Registered] = field(default_factory=list)
    exports: dict = field(default_factory=dict)
    logs: list[str] = field(default_factory=list)

    def of_type(self, type_: str) -> list[Registered]:
        return [resource for resource in self.resources if resource.type == type_]

    def one(self, name: str, type_: str | None = None) -> Registered:
        """Return the resource of this name. Raises LookupError if there is none, or several of that name and type."""
        found = [one for one in self.resources if one.name == name and type_ in (None, one.type)]
        if len(found) != 1:
            names = [(one.type, one.name) for one in self.resources]
            raise LookupError(f"{len(found)} resources {name!r} among {names}")
        return found[0]
