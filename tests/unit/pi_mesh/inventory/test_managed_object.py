"""The objects that the program applies itself, and their order."""

from tests.support.factories import make_mesh

DENY = {"authorization": {"defaultDeny": {"enabled": True}}}
LISTED = {"gateways": {"web": {"allowAddresses": ["192.168.0.0/16"]}}}


def test_only_an_allow_list_comes_first_and_only_a_default_deny_last():
    objects = make_mesh(traffic={**DENY, **LISTED}, ingress={"service": {"externalTrafficPolicy": "Local"}}).objects
    first = {item.kind for item in objects if item.first}
    last = {item.name for item in objects if item.last}
    assert (first, last) == ({"AuthorizationPolicy"}, {"default-deny"})
    assert not [item for item in make_mesh().objects if item.first or item.last]


def test_only_a_namespace_of_a_setting_with_adopt_is_adopted():
    assert not [item for item in make_mesh().objects if item.adopted]
    adopted = [item for item in make_mesh(trading={"adopt": True}).objects if item.adopted]
    assert [(item.kind, item.name, item.setting) for item in adopted] == [("Namespace", "trading", "trading")]


def test_each_component_has_its_own_namespace():
    mesh = make_mesh(namespaces={"research": {}})
    named = {name: mesh.namespace(name).name for name in ("istio", "trading", "namespaces.research")}
    assert named == {"istio": "istio-system", "trading": "trading", "namespaces.research": "research"}
