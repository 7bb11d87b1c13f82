"""The verification's findings about AuthorizationPolicies."""

from dataclasses import replace

from pi_mesh.checks.finding import Level
from pi_mesh.checks.verify import access
from pi_mesh.checks.verify.access import access_effect
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.policies import Policy
from tests.support.factories import make_mesh
from tests.support.findings import assert_lines, case, table
from tests.support.healthy_mesh import HEALTHY, in_cluster, make_verification, unlisted, with_policies

POD = Pod("trading", "app-0", {"app": "app"}, containers=(Container("istio-proxy"),))
DRY_RUN, ENFORCED = {"istio.io/dry-run": "true"}, {"istio.io/dry-run": "false"}
DENY = {"action": "DENY", "rules": [{}]}
TOKENS = {"jwtRules": [{"issuer": "https://id.example"}]}
OPENED = "allows every call from everybody; it selects 1 pod (trading/app-0); managed by Helm; if it is not wanted, re"
CHANGED = "trading/default-deny: is not as the settings ask: it now allows every call"
DENIES, AUDITS = (
    make_verification(make_mesh(traffic={"authorization": {"defaultDeny": {key: True}}}))
    for key in ("enabled", "audit")
)
DENIED = in_cluster(DENIES, pods=(POD,))
ASKED = "OK 3 policies are as the settings ask"


def source(**fields: list[str]) -> dict:
    return {"from": [{"source": fields}]}


DEV, ANYBODY = source(namespaces=["dev"]), {"from": [{"source": {"namespaces": ["dev"]}}, {"source": {}}]}
TO_X = {"to": [{"operation": {"paths": ["/x"]}}]}
WHEN = {"when": [{"key": "request.headers[x]", "values": ["y"]}]}
TWO = {"from": [{"source": {"namespaces": [name]}} for name in ("a", "b")]}
OPEN, TO_ANY = "allows every call from everybody", {"to": [{"operation": {"paths": ["/x"]}}, {"operation": {}}]}
SOME, REFUSED = "allows some calls (by its `to` or `when`) from everybody", "refuses some calls (by its `to` or `when`)"
SEVERAL = "also lets in namespaces a; namespaces b; namespaces dev and 1 more"
BUT = source(principals=["*"], notNamespaces=["*"])


def rogue(*rules: dict, namespace: str = "trading", name: str = "rogue", **more: object) -> Policy:
    annotations = more.pop("annotations", {})
    spec = {"rules": [*rules], **more} if rules else more
    return Policy("AuthorizationPolicy", namespace, name, spec, manager="Helm", annotations=annotations)


def tokens(namespace: str = "trading", **spec: object) -> Policy:
    return Policy("RequestAuthentication", namespace, "tokens", spec)


@table(
    case("an allow-all is named with its workloads", DENIED, rogue({}), f"ERROR trading/rogue: {OPENED}"),
    case("a denial of all", DENIED, rogue(**DENY), "ERROR refuses every call"),
    case("a provider", DENIED, rogue({}, action="CUSTOM", provider={"name": "x"}), "WARNING provider x decide"),
    case("an audit", DENIED, rogue({}, action="AUDITS"), ASKED),
    case("a denial without rules", DENIED, rogue(action="DENY"), ASKED),
    case("the first allow of nobody", HEALTHY, rogue(), "ERROR allows nothing, so it refuses every call"),
    case("a policy of another namespace", HEALTHY, rogue(namespace="shop", **DENY), "OK "),
    case("of the root namespace", DENIED, rogue(namespace="istio-system", **DENY), "ERROR (trading/app-0)"),
    case("our policy with one more rule", DENIED, rogue({}, name="default-deny"), f"ERROR {CHANGED}"),
    case("ours as a dry run", DENIED, rogue(name="default-deny", annotations=DRY_RUN), "ERROR does not enforce it"),
    case("a dry run of others", HEALTHY, rogue(annotations=DRY_RUN, **DENY), "OK "),
    case("one that says no dry run", HEALTHY, rogue(annotations=ENFORCED, **DENY), "ERROR "),
    case("tokens", DENIED, tokens(**TOKENS), "WARNING not valid for https://id.example; it selects 1 pod"),
    case("no tokens", DENIED, tokens(), "OK "),
    case("tokens of others", DENIED, tokens("elsewhere", **TOKENS), "OK "),
)
def test_a_policy_is_judged_by_what_it_does_beside_those_of_the_settings(observed, policy, line):
    first, *_ = access.check(with_policies(observed, policy))
    assert_lines([first], line)


ENFORCED = "is enforced, and the settings ask for an audit"
NO_OTHER = "as the settings ask, and no other bears on this stack's workloads$"
ENFORCED_AUDIT = [replace(policy, annotations={}) for policy in AUDITS.policies.objects]
ENFORCED_ONES = replace(AUDITS, policies=replace(AUDITS.policies, objects=ENFORCED_AUDIT))


@table(
    case("policies", DENIED, f"OK=3 3 policies are {NO_OTHER}"),
    case("an audit", AUDITS, f"OK=3 3 policies are {NO_OTHER}"),
    case("none", HEALTHY, "OK=0 the settings ask for no policy, and no other bears on this stack's workloads$"),
    case("others", with_policies(HEALTHY, rogue(DEV)), "WARNING \nOK=0 the settings ask for no policy$"),
    case("an enforced audit", ENFORCED_ONES, f"ERROR {ENFORCED}\nERROR \nERROR "),
    case("what may not be listed", unlisted(HEALTHY, "AuthorizationPolicy"), "UNKNOWN "),
)
def test_policies_that_the_settings_ask_for_are_one_row(observed, lines):
    assert_lines(access.check(observed), lines)


@table(
    ({"app": "app"}, Level.ERROR), ({"app": "other"}, Level.WARNING), ({"tier": "web"}, Level.ERROR), ({}, Level.ERROR)
)
def test_an_allow_all_is_grave_where_another_allow_may_hold_for_the_same_workloads(own, level):
    guard = rogue(DEV, name="guard", selector={"matchLabels": own})
    opening = rogue({}, selector={"matchLabels": {"app": "app"}})
    levels = {row.name: row.level for row in access.check(with_policies(HEALTHY, guard, opening))}
    assert levels["trading/rogue"] is level


@table(
    ("ALLOW", True, [], Level.WARNING, "allows nothing, which other policies already refuse"),
    ("ALLOW", True, [{}], Level.ERROR, OPEN),
    ("ALLOW", True, [DEV, {}], Level.ERROR, OPEN),
    ("ALLOW", True, [{**TO_X, **ANYBODY}, {}], Level.ERROR, OPEN),
    ("ALLOW", True, [TO_ANY], Level.ERROR, OPEN),
    ("ALLOW", True, [source(principals=["*"])], Level.ERROR, OPEN),
    ("ALLOW", True, [source(namespaces=["*"])], Level.ERROR, OPEN),
    ("ALLOW", True, [source(ipBlocks=["0.0.0.0/0"])], Level.ERROR, OPEN),
    ("ALLOW", True, [source(ipBlocks=["::/0"])], Level.ERROR, OPEN),
    ("ALLOW", True, [{"from": [None, {"source": {"namespaces": ["a", "b"]}}]}], Level.ERROR, OPEN),
    ("ALLOW", True, [BUT], Level.WARNING, "also lets in principals *; notNamespaces *"),
    ("ALLOW", True, [TO_X], Level.WARNING, SOME),
    ("ALLOW", True, [WHEN], Level.WARNING, SOME),
    ("ALLOW", True, [{**DEV, **TO_X}, {**ANYBODY, **WHEN}], Level.WARNING, SOME),
    ("ALLOW", True, [DEV], Level.WARNING, "also lets in namespaces dev"),
    ("ALLOW", True, [TWO, DEV, {**DEV, **TO_X}], Level.WARNING, SEVERAL),
    ("", False, [], Level.ERROR, "allows nothing, so it refuses every call"),
    ("", False, [{}], Level.WARNING, f"{OPEN}, and so will undo any default deny"),
    ("", False, [TO_X], Level.WARNING, SOME),
    ("", False, [DEV], Level.WARNING, "refuses all callers but namespaces dev"),
    ("DENY", True, [], Level.OK, "denies nothing"),
    ("DENY", True, [DEV, {}], Level.ERROR, "refuses every call"),
    ("DENY", False, [DEV, {}], Level.ERROR, "refuses every call"),
    ("DENY", True, [TO_X], Level.WARNING, f"{REFUSED} from everybody"),
    ("DENY", True, [DEV, {**ANYBODY, **WHEN}], Level.WARNING, f"{REFUSED} from everybody"),
    ("DENY", False, [DEV, {**DEV, **TO_X}], Level.WARNING, "refuses calls from namespaces dev; namespaces dev"),
    ("CUSTOM", True, [DEV], Level.WARNING, "lets the provider oauth decide about calls"),
    ("AUDITS", True, [{}], Level.OK, "only logs calls"),
)
def test_the_effect_of_a_policy_depends_on_its_action_its_rules_and_whether_others_guard(
    action, guarded, rules, level, words
):
    spec = {"rules": rules, "provider": {"name": "oauth"}, **({"action": action} if action else {})}
    assert access_effect(rogue(**spec), guarded) == (level, words)
