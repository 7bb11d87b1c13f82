"""Label selectors as Kubernetes and Istio read them."""

from pi_mesh.cluster.objects import Service
from pi_mesh.cluster.pods import Pod
from pi_mesh.selectors import expression_matches, label_selector_matches, matches, may_share_pods
from tests.support.findings import case, table

WITHOUT_APP = {"key": "app", "operator": "DoesNotExist"}
LABELS = {"app": "web", "version": "2"}


@table((None, True), ({}, True), ({"app": "web"}, True), ({"app": "web", "tier": "a"}, False), ({"app": "db"}, False))
def test_a_selector_demands_all_its_labels_and_nothing_without_any(selector, expected):
    assert matches(selector, LABELS) is expected


@table((None, True), ({"tier": "a"}, True), ({"app": "web"}, True), ({"app": "web", "version": "3"}, False))
def test_two_selectors_may_share_pods_unless_they_demand_two_values_of_a_label(other, expected):
    assert may_share_pods(LABELS, other) is expected
    assert may_share_pods(other, LABELS) is expected


@table(
    case("a missing one selects nothing", None, False),
    case("an empty one selects everything", {}, True),
    case("its labels are there", {"matchLabels": {"app": "web"}}, True),
    case("a label differs", {"matchLabels": {"app": "db"}}, False),
    case("both have to hold", {"matchLabels": {"app": "web"}, "matchExpressions": [WITHOUT_APP]}, False),
)
def test_a_label_selector(selector, expected):
    assert label_selector_matches(selector, LABELS) is expected


@table(
    ("app", "In", ["web", "db"], True),
    ("tier", "In", ["web"], False),
    ("app", "NotIn", ["web"], False),
    ("tier", "NotIn", ["web"], True),
    ("app", "Exists", None, True),
    ("tier", "Exists", None, False),
    ("app", "DoesNotExist", None, False),
    ("tier", "DoesNotExist", None, True),
    ("version", "Gt", ["1"], True),
    ("version", "Lt", ["1"], False),
    ("app", "Gt", ["1"], False),
    ("tier", "Lt", ["1"], False),
)
def test_an_expression(key, operator, values, expected):
    assert expression_matches({"key": key, "operator": operator, "values": values}, LABELS) is expected


def test_a_service_without_a_selector_has_no_pods():
    pods = [Pod("shop", "web", LABELS), Pod("bank", "web", LABELS), Pod("shop", "db", {"app": "db"})]
    assert Service("shop", "web", selector={"app": "web"}).pods_behind(pods) == pods[:1]
    assert Service("shop", "web").pods_behind(pods) == []
