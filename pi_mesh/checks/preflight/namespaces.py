"""Existing namespaces must be this stack's or be adopted, and an installed ingress gateway must stay in its namespace.

`pulumi destroy` deletes what the stack owns. The UID in the state proves that a namespace is the stack's. The
annotations only inform people: a state may move to another backend, organization or name, and two backends may each
have a stack of one name.
"""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok, setting, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster.objects import Namespace
from pi_mesh.cluster.stack_state import StackState
from pi_mesh.inventory import Kind, ManagedObject
from pi_mesh.names import ADOPTED_ANNOTATION, OWNER_ANNOTATION, owner
from pi_mesh.words import listed

ID = "namespaces"
SHOWN = 5
IMPORT = "import the state that made it (`pulumi stack import`)"
RESTORED = "if it is that one, restored from a backup, run `pulumi refresh`"
BRANCHES = {"cert-manager": "vault.certManager", "ingress": "ingress"}
"""Config key by component, for namespaces that cannot be adopted."""
OTHER = {
    "cert-manager": "set vault.certManager.namespace to another, "
    "or vault.certManager.install: false to use what is there",
    "ingress": "set ingress.namespace to one that is not there yet",
}
KUBERNETES = ("kube-system", "kube-public", "kube-node-lease", "default")
"""Namespaces of Kubernetes itself, where a quota or container defaults can stop the cluster's own pods."""


def check_ownership(observation: Observation) -> Iterator[Finding]:
    for item in observation.mesh.namespaces:
        live, subject = observation.snapshot.namespace(item.name), Subject("namespace", item.name)
        if item.name in KUBERNETES:
            yield _of_kubernetes(item, subject, observation.state)
        elif live is None:
            yield ok(ID, subject, "is not there yet")
        elif item.adopted:
            yield ok(ID, subject, f"is adopted ({item.setting}.adopt): `pulumi destroy` keeps it")
        elif ADOPTED_ANNOTATION in live.annotations:
            yield _no_longer_adopted(item, subject, live)
        elif observation.state.holds(live.name, live.uid) or _made_by_a_killed_run(observation, live):
            yield ok(ID, subject, f"belongs to stack {observation.mesh.stack}")
        else:
            yield _of_others(observation.mesh.stack, item, subject, live, observation.state)


def _of_kubernetes(item: ManagedObject, subject: Subject, state: StackState) -> Finding:
    fix = f"set {item.setting or BRANCHES[item.component]}.namespace to a namespace of its own"
    if item.setting.startswith("namespaces."):
        fix = f"remove {item.setting}, and use a namespace of its own"
    message = "is one of Kubernetes' own, whose pods the mesh's bounds and injection could stop"
    if item.adopted and item.name in state.namespaces:
        return warning(ID, subject, f"{message}; the next release of this program refuses it", fix)
    return error(ID, subject, message, fix)


def _no_longer_adopted(item: ManagedObject, subject: Subject, live: Namespace) -> Finding:
    whose = live.annotations[ADOPTED_ANNOTATION]
    message = f"is marked as adopted by {whose}, and without {item.setting}.adopt a destroy would delete all in it"
    unmark = f"`kubectl annotate {subject} {ADOPTED_ANNOTATION}-`"
    return error(ID, subject, message, f"set {item.setting}.adopt: true, or, where a destroy may delete it, {unmark}")


def _made_by_a_killed_run(observation: Observation, live: Namespace) -> bool:
    """Return True if a run of this state may have been killed between creating the namespace and recording it."""
    marked = live.annotations.get(OWNER_ANNOTATION) == owner(observation.mesh.stack)
    # A stack that moves from one namespace to another still has the former.
    moves = observation.state.namespaces.keys() - {item.name for item in observation.mesh.namespaces}
    return marked and observation.state.has_provider and not moves and not observation.state.namespaces.get(live.name)


def _of_others(stack: str, item: ManagedObject, subject: Subject, live: Namespace, state: StackState) -> Finding:
    whose = live.annotations.get(OWNER_ANNOTATION)
    fix = f"set {item.setting}.adopt: true to use it and leave it at destroy" if item.setting else OTHER[item.component]
    if live.name in state.namespaces:
        by, fix = "is not the one that this stack made: that one was deleted", f"{RESTORED}; else {fix}"
    elif whose == owner(stack):
        by, fix = f"belongs to a stack {whose} with another state than this one", f"{IMPORT}, or {fix}"
    else:
        by = f"belongs to stack {whose}" if whose else "was not created by a stack of this program"
    message = f"already exists and {by}; a destroy of stack {stack} would delete all that is in it"
    return error(ID, subject, message, fix)


def check_tenants(observation: Observation) -> Iterator[Finding]:
    """Refuse an `up` that would delete a namespace with the workloads of others, as a destroy is refused."""
    for name, tenants in observation.tenants.items():
        if tenants and not observation.settings.destroy.workloads:
            message = f"is no longer in the settings, and `up` would delete it with {listed(tenants, SHOWN)}"
            fix = "put it back into the settings, or move them away; destroy.workloads: true deletes them too"
            yield error(ID, Subject("namespace", name), message, fix, number=len(tenants))


INGRESS, INGRESS_KEY = "ingress namespace", setting("ingress.namespace")


def check_ingress(observation: Observation) -> Iterator[Finding]:
    """Refuse another namespace while the gateway of this control plane is installed elsewhere."""
    releases = observation.mesh.of_kind(Kind.GATEWAY)
    gateway = next((release for release in releases if release.setting == "ingress"), None)
    if gateway is None or observation.mesh.the(Kind.ISTIOD).id not in observation.state.releases:
        return
    recorded = (release.partition("/") for release in observation.state.releases)
    places = {namespace for namespace, _, name in recorded if name == gateway.name}
    if observation.snapshot and observation.snapshot.release(observation.settings.istio.namespace, gateway.name):
        places.add(observation.settings.istio.namespace)
    elsewhere = ", ".join(sorted(places - {gateway.namespace}))
    if not elsewhere:
        yield ok(INGRESS, INGRESS_KEY, f"the ingress gateway is in {gateway.namespace}, or not installed yet")
        return
    place = f"{elsewhere}, where an `up` would uninstall it with its address"
    message = f"asks for the ingress gateway in {gateway.namespace}, and it is installed in {place}"
    keep = "remove it" if elsewhere == observation.settings.istio.namespace else f"set it to {elsewhere}"
    fix = f"{keep}; only a gateway that is not installed yet can have another namespace"
    yield error(INGRESS, INGRESS_KEY, message, fix)
