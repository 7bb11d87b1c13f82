"""The inventory of a mesh: every release and every object that the settings give, stated once."""

from collections.abc import Collection
from dataclasses import dataclass

from pi_mesh.inventory import mesh_releases
from pi_mesh.inventory.chart_lock import Lock, locked
from pi_mesh.inventory.managed_object import ManagedObject, managed_objects
from pi_mesh.inventory.release import Kind, Release, Workload
from pi_mesh.names import owner
from pi_mesh.settings import Settings, SettingsError

__all__ = ["Inventory", "Kind", "ManagedObject", "Release", "Workload", "mesh_inventory", "with_contradictions"]


@dataclass(frozen=True)
class Inventory:
    """The releases and objects that the settings of one stack give."""

    settings: Settings
    stack: str
    releases: tuple[Release, ...]
    """The enabled releases: Istio's in the order of their installation, then cert-manager and the addons."""
    objects: tuple[ManagedObject, ...]
    """The objects that the program itself creates, namespaces first."""
    lock: Lock = None
    """The stack's charts, if it is locked: its releases are then files with a sum, or are refused."""
    api_gateways: tuple[Workload, ...] = ()
    """The Deployments that istiod creates for Gateways of the Gateway API, as far as the cluster was read."""

    @property
    def is_locked(self) -> bool:
        return self.lock is not None

    @property
    def owner(self) -> str:
        """Return the owner annotation of objects that the stack creates."""
        return owner(self.stack)

    @property
    def workloads(self) -> tuple[Workload, ...]:
        return (*(workload for release in self.releases for workload in release.workloads), *self.api_gateways)

    @property
    def namespaces(self) -> tuple[ManagedObject, ...]:
        """Return the namespaces that the stack creates or adopts."""
        return tuple(entry for entry in self.objects if entry.kind == "Namespace")

    def of_kind(self, kind: Kind) -> tuple[Release, ...]:
        return tuple(release for release in self.releases if release.kind is kind)

    def the(self, kind: Kind) -> Release:
        """Return the release of a kind that has exactly one release."""
        (release,) = self.of_kind(kind)
        return release

    def objects_of(self, component: str) -> tuple[ManagedObject, ...]:
        """Return the objects that a component registers, without its namespace."""
        return tuple(entry for entry in self.objects if entry.component == component and entry.kind != "Namespace")

    def namespace(self, component: str) -> ManagedObject:
        return next(entry for entry in self.namespaces if entry.component == component)

    def owns(self, release: str) -> bool:
        """Return True for a release, as NAMESPACE/NAME, of this stack; a disabled gateway counts too."""
        named = mesh_releases.gateways(self.settings).items()
        gateways = {f"{mesh_releases.gateway_namespace(self.settings, key)}/{name}" for key, (name, _) in named}
        return release in gateways | {entry.id for entry in self.releases}

    def has_pod(self, namespace: str, labels: dict[str, str]) -> bool:
        """Return True for a pod of one of the workloads."""
        return any(workload.has_pod(namespace, labels) for workload in self.workloads)


def with_contradictions(problem: SettingsError) -> SettingsError:
    """Return the conflicts of valid settings and those of their extra values; other problems as they are."""
    settings = problem.rest
    if not isinstance(settings, Settings):
        return problem
    # An addon that needs one which is off has no values yet.
    addons = () if any(settings.observability.conflicts()) else mesh_releases.addon_releases(settings)
    releases = (*mesh_releases.istio_releases(settings, (), None), *addons)
    lines = sorted(line for release in releases for line in release.contradictions())
    return SettingsError((*problem.problems, *lines))


def mesh_inventory(
    settings: Settings,
    stack: str = "",
    load_balancers: Collection[str] = (),
    root: str | None = None,
    lock: Lock = None,
) -> Inventory:
    """Return the inventory of these settings.

    `load_balancers` has the keys of the gateways whose Service gets an address as a LoadBalancer. `root` is the PEM of
    Vault's root, without which an istiod with an external signer does not start. `lock` has the stack's charts if it is
    locked. Raises SettingsError with every extra value that contradicts a typed setting.
    """
    releases = (*mesh_releases.istio_releases(settings, load_balancers, root), *mesh_releases.addon_releases(settings))
    # Both control planes have the same extra values.
    if lines := {line for release in releases for line in release.contradictions()}:
        raise SettingsError(sorted(lines))
    if lock is not None:
        releases = tuple(locked(release, lock) for release in releases)
    return Inventory(settings, stack, releases, tuple(managed_objects(settings, stack)), lock)
