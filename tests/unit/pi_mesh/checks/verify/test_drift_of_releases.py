"""The verification's findings about objects that Helm owns, and about those of the program."""

from pi_mesh.checks.verify import drift_of_releases
from pi_mesh.cluster.live_objects import Pair
from tests.support.findings import assert_lines, case, table
from tests.support.healthy_mesh import HEALTHY, ISTIOD, found, owned

ROLE = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "istiod"}}
NO_RULES, MORE = {**ROLE, "rules": []}, {**ROLE, "rules": [{"verbs": ["*"]}]}
SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "istiod", "namespace": "istio-system"}}
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "grafana"}}


def service(type: str = "A", **spec: object) -> dict:
    return {**SERVICE, "spec": {"type": type, **spec}}


def edited(count: int) -> Pair:
    """Return a role with so many changed fields."""
    expected, live = ({**ROLE, **{f"d{number}": value for number in range(count)}} for value in "ab")
    return Pair(ISTIOD, expected, live)


OLD, NEW = ({**SECRET, "data": {"password": value}} for value in ("b2xk", "bmV3"))
NOVEL, OPENED = service(novelty="x"), service("B", externalIPs=["192.0.2.4"])
REMOVE = """`kubectl patch clusterrole istiod --type=json -p '[{"op": "remove", "path": "/rules/0"}]'`"""
FIELDS = """--type=merge -p '{"metadata": {"managedFields": [{}]}}'`"""
PUT_BACK = "ERROR kubectl patch service istiod -n istio-system…then `helm rollback -n istio-system istiod 3`$"
GIVEN_UP = f"ERROR 'B', not 'A'; `kubectl patch service istiod -n istio-system {FIELDS}, then `pulumi up --refresh`$"
TAKEN_OUT = f"ERROR was added; {REMOVE}, then `kubectl patch clusterrole istiod {FIELDS}$"


@table(
    case("an edit", owned(1, 0), "ERROR Deployment istio-system/istiod: was changed: spec.replicas: 0, not 1"),
    case("a deletion", owned(1, None), "ERROR of release istio-system/istiod is gone"),
    case("none", owned(1, 1), "OK "),
    case("what was added is taken out", Pair(ISTIOD, NO_RULES, MORE), f"ERROR ; {REMOVE}$"),
    case("what was changed besides is put back", Pair(ISTIOD, service(), OPENED, defaulted=service()), PUT_BACK),
    case("a default", Pair(ISTIOD, service(), NOVEL, defaulted=NOVEL), "OK "),
    case("a default without rights", Pair(ISTIOD, service(), NOVEL, refusal="no rights"), "UNKNOWN "),
    case("a default that was not asked for", Pair(ISTIOD, service(), NOVEL), "UNKNOWN "),
    case("an object that may not be read", Pair(ISTIOD, service(), None, refusal="forbidden"), "UNKNOWN Service "),
    case("three differences", edited(3), "ERROR d0: 'b', not 'a'; d1: 'b', not 'a'; d2: 'b', not 'a';"),
    case("five differences", edited(5), "ERROR d2: 'b', not 'a', and 2 more;"),
    case("of a secret no value", Pair(ISTIOD, OLD, NEW), "ERROR was changed: data.password;"),
)
def test_an_object_of_a_release_that_was_changed_is_a_problem(pair, line):
    assert_lines(drift_of_releases.check_releases(found(HEALTHY, pairs=(pair,))), line)


@table(
    case("it also gets back the fields that the patch would own", Pair("", NO_RULES, MORE), TAKEN_OUT),
    case("its fields are given up before a preview would be refused", Pair("", service(), service("B")), GIVEN_UP),
    case("it may not be read", Pair("", service(), None, refusal="forbidden"), "UNKNOWN Service "),
    case("it is gone", Pair("", service(), None), "ERROR Service istio-system/istiod: is not there"),
    case("it is as the settings say", Pair("", service(), service()), "OK Service istio-system/istiod: "),
)
def test_a_changed_object_of_the_program_is_put_back_by_an_up(pair, line):
    assert_lines(drift_of_releases.check_own_objects(found(HEALTHY, pairs=(pair,))), line)
