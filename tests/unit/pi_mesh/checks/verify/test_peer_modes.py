"""The mutual TLS mode of workloads and ports, as Istio composes it."""

from pi_mesh.checks.verify.peer_modes import PeerModes, weaker, weakest
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.policies import Policies, Policy
from tests.support.findings import case, table

POD, IN_ROOT = (Pod(namespace, "app-0", {"app": "app"}) for namespace in ("trading", "root"))
APP, OTHER = ({"selector": {"matchLabels": {"app": name}}} for name in ("app", "other"))


def policy(namespace: str, day: int, mode: str = "", ports: dict[str, str] | None = None, **spec: object) -> Policy:
    given = {"mtls": {"mode": mode}} if mode else {}
    given |= {"portLevelMtls": {port: {"mode": of_port} for port, of_port in ports.items()}} if ports else {}
    return Policy("PeerAuthentication", namespace, f"p{day}", {**given, **spec}, f"2026-01-{day:02}T00:00:00Z")


STRICT = policy("root", 1, "STRICT")
PORTS = policy("trading", 1, ports={"8080": "DISABLE", "9090": "UNSET"}, **APP)
OF_OTHERS = policy("trading", 1, "DISABLE", **OTHER)
OLDEST = (OF_OTHERS, policy("trading", 2, "PERMISSIVE", **APP), policy("trading", 3, "STRICT", **APP))


@table(
    case("none", [], POD, None, "PERMISSIVE"),
    case("mesh", [STRICT], POD, None, "STRICT"),
    case("the oldest", [policy("root", 2, "STRICT"), policy("root", 1, "DISABLE")], POD, None, "DISABLE"),
    case("namespace", [STRICT, policy("trading", 2, "DISABLE")], POD, None, "DISABLE"),
    case("unset inherits", [STRICT, policy("trading", 2, "UNSET")], POD, None, "STRICT"),
    case("workload", [policy("trading", 1, "DISABLE"), policy("trading", 2, "STRICT", **APP)], POD, None, "STRICT"),
    case("root ignores selectors", [STRICT, policy("root", 2, "DISABLE", **APP)], POD, None, "STRICT"),
    case("also for its own pods", [STRICT, policy("root", 2, "DISABLE", **APP)], IN_ROOT, None, "STRICT"),
    case("another's", [STRICT, policy("shop", 2, "DISABLE", **APP)], POD, None, "STRICT"),
    case("a workload's without ports", [STRICT, PORTS], POD, None, "STRICT"),
    case("a port", [STRICT, PORTS], POD, 8080, "DISABLE"),
    case("an unset port", [STRICT, PORTS], POD, 9090, "STRICT"),
    case("a port of a whole namespace", [policy("trading", 1, "STRICT", {"80": "DISABLE"})], POD, 80, "STRICT"),
)
def test_the_narrowest_and_oldest_policy_counts(policies, pod, port, mode):
    assert PeerModes(Policies(tuple(policies)).of_kind("PeerAuthentication"), "root").mode(pod, port) == mode


def test_an_older_policy_without_a_mode_hides_a_newer_one_of_its_namespace():
    policies = (STRICT, policy("trading", 2), policy("trading", 3, "DISABLE"))
    modes = PeerModes(policies, "root")
    assert modes.namespace_mode("trading") == "STRICT"
    assert [modes.in_force(each) for each in policies] == [True, True, False]


def test_an_older_mesh_wide_policy_without_a_mode_hides_a_newer_one():
    policies = (policy("root", 1), policy("root", 2, "STRICT"))
    modes = PeerModes(policies, "root")
    assert (modes.mesh_mode, modes.namespace_mode("root")) == ("PERMISSIVE", "PERMISSIVE")
    assert modes.mesh_wide == [*policies]


def test_a_policy_with_a_selector_is_in_force_but_in_the_root_namespace():
    modes = PeerModes((), "root")
    assert [modes.in_force(policy(namespace, 1, **APP)) for namespace in ("trading", "root")] == [True, False]


def test_a_pod_has_the_mode_of_its_oldest_policy_and_those_of_its_ports_too():
    assert [*PeerModes(OLDEST, "root").modes(POD)] == ["PERMISSIVE"]
    ports = {"portLevelMtls": {"80": {"mode": "DISABLE"}, "90": None}}
    modes = PeerModes((policy("trading", 1, "STRICT", **ports, **APP),), "root")
    assert [*modes.modes(POD)] == ["STRICT", "DISABLE"]
    assert [*modes.modes(IN_ROOT)] == ["PERMISSIVE"]


def test_the_mode_that_admits_most_is_the_weakest_and_an_unknown_one_is_as_weak_as_any():
    assert weakest(["STRICT", "PERMISSIVE"]) == "PERMISSIVE"
    assert weakest(["STRICT", "PERMISSIVE", "DISABLE"]) == "DISABLE"
    assert weakest(["PERMISSIVE", "NEW"]) == "NEW"
    weak = {mode: weaker(mode, "PERMISSIVE") for mode in ("NEW", "DISABLE", "PERMISSIVE", "STRICT")}
    assert weak == {"NEW": True, "DISABLE": True, "PERMISSIVE": False, "STRICT": False}
