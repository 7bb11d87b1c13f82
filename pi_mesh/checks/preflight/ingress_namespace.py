"""An installed ingress gateway stays in its namespace: in another one it would be a new gateway with a new address."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, error, ok, setting
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stack_state import StackState
from pi_mesh.inventory import Inventory, Kind

ID, KEY = "ingress namespace", setting("ingress.namespace")


def check(mesh: Inventory, snapshot: Snapshot | None, state: StackState) -> Iterator[Finding]:
    """Refuse another namespace while the gateway of this control plane is installed elsewhere."""
    wanted = next((release for release in mesh.of_kind(Kind.GATEWAY) if release.setting == "ingress"), None)
    if wanted is None or mesh.the(Kind.ISTIOD).id not in state.releases:
        return
    places = {namespace for namespace, _, name in map(_parts, state.releases) if name == wanted.name}
    if snapshot and snapshot.release(mesh.settings.istio.namespace, wanted.name):
        places.add(mesh.settings.istio.namespace)
    elsewhere = ", ".join(sorted(places - {wanted.namespace}))
    if not elsewhere:
        yield ok(ID, KEY, f"the ingress gateway is in {wanted.namespace}, or not installed yet")
        return
    message = (
        f"asks for the ingress gateway in {wanted.namespace}, and it is installed in {elsewhere}, where an `up` would "
        "uninstall it with its address"
    )
    keep = "remove it" if elsewhere == mesh.settings.istio.namespace else f"set it to {elsewhere}"
    yield error(ID, KEY, message, f"{keep}; only a gateway that is not installed yet can have another namespace")


def _parts(release: str) -> tuple[str, str, str]:
    return release.partition("/")
