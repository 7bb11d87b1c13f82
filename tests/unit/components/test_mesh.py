"""The whole program, in this process: order, providers, switches and outputs."""

import json
from functools import partial

import pulumi
import pytest
from pulumi.provider.experimental.component import ComponentProvider

from components import mesh, provider
from pi_mesh.cluster.stack_state import MESH
from pi_mesh.names import VERSION_ANNOTATION
from tests.support.factories import make_settings
from tests.support.recorded_meshes import MESHES
from tests.support.recorder import RELEASE, Recording, record
from tests.support.snapshots import make_pis, make_snapshot
from tests.support.vault_program import ROOT
from tests.support.versions import NEWEST, OLDEST, SHIPPED

INGRESS, EGRESS = "istio-ingressgateway", "istio-egressgateway"
WAITS = [("istio-base", "istio-namespace"), ("istiod", "istio-base-release")]
FOLLOWERS = [(name, "istiod-release") for name in (INGRESS, EGRESS, "mesh-mtls", "trading")]


@pytest.fixture(scope="module")
def plain(deployed) -> Recording:
    """Return the resources of the least settings, which no test changes."""
    return deployed(make_snapshot())


def releases(recording: Recording) -> set[str]:
    return {release.props["name"] for release in recording.of_type(RELEASE)}


@pytest.mark.parametrize(("later", "earlier"), [*WAITS, *FOLLOWERS])
def test_each_part_waits_for_what_it_stands_on(plain, later, earlier):
    assert earlier in plain.one(later).dependencies


def test_the_ingress_gateway_waits_for_its_own_namespace_and_the_egress_does_not(deployed):
    recording = deployed(make_snapshot(), ingress={"namespace": "edge"})
    assert recording.one("ingress-namespace").props["metadata"]["name"] == "edge"
    assert recording.one(f"{INGRESS}-release").props["namespace"] == "edge"
    assert "ingress-namespace" in recording.one(INGRESS).dependencies
    assert "ingress-namespace" not in recording.one(EGRESS).dependencies


def test_listeners_with_a_certificate_wait_for_the_gateways_right_to_read_it(deployed):
    listener = {"hosts": ["shop.example"], "tls": {"secret": "shop"}}
    secured = deployed(traffic={"gateways": {"shop": listener}}).one("traffic").dependencies
    plain = deployed(traffic={"gateways": {"shop": {}}}).one("traffic").dependencies
    assert f"{INGRESS}-release" in secured
    assert f"{INGRESS}-release" not in plain


def test_a_second_control_plane_and_its_tags_come_before_who_follows_them(deployed):
    canary = {"version": NEWEST, "revision": "next"}
    recording = deployed(make_snapshot(), istio={"canary": canary, "tags": {"stable": "next"}})
    tag = "revision-tag-mutatingwebhookconfiguration-istio-revision-tag-stable"
    assert releases(recording) == {"istio-base", "istiod", "istiod-next", INGRESS, EGRESS}
    assert "istiod-next-release" in recording.one(tag).dependencies
    assert {tag, "istiod-next-release"} <= recording.one("trading").dependencies & recording.one(INGRESS).dependencies


def test_the_gateways_come_side_by_side(plain):
    assert not {INGRESS, f"{INGRESS}-release"} & plain.one(EGRESS).dependencies


def test_every_resource_is_the_stacks_own_clusters(plain):
    resources = [item for item in plain.resources if item.type.startswith("kubernetes:")]
    assert {item.provider for item in resources} == {"cluster"}
    assert plain.one("cluster").props["context"] == "test"


@pytest.mark.parametrize(("switch", "name"), [("ingress", INGRESS), ("egress", EGRESS)])
def test_a_gateway_that_is_off_is_not_there(deployed, switch, name):
    recording = deployed(make_snapshot(), **{switch: {"enabled": False}})
    assert releases(recording) == {"istio-base", "istiod", INGRESS, EGRESS} - {name}
    assert name not in recording.exports["gateways"]


def test_no_leftovers_are_swept_unless_asked_for(deployed, plain):
    assert not [item for item in plain.resources if "dynamic" in item.type]
    recording = deployed(make_snapshot(), destroy={"crds": True})
    assert "leftovers" in recording.one("istio-namespace").dependencies


def test_the_outputs_say_what_is_installed_and_what_it_takes(plain):
    outputs = plain.exports
    assert (outputs["istioVersion"], outputs["mutualTls"], outputs["tradingNamespace"]) == (NEWEST, "STRICT", "trading")
    assert outputs["releases"] == dict.fromkeys(("istio-base", "istiod", INGRESS, EGRESS), "deployed")
    assert outputs["budget"] == {"pods": 3, "requests": "300m / 384Mi", "limits": "1500m / 768Mi", "sidecars": 81}


def test_the_outputs_have_what_an_applications_stack_builds_on(deployed):
    listener = {"hosts": ["shop.example"]}
    outputs = deployed(make_snapshot(version="v1.40.0"), traffic={"gateways": {"shop": listener}}).exports
    assert outputs["namespaces"] == {"istio-system": {}, "trading": {"istio-injection": "enabled"}}
    assert outputs["listeners"] == {"shop": {"hosts": ["shop.example"], "ports": ["http2"]}}
    assert (outputs["trustDomain"], outputs["findings"]["kubernetes version"]) == ("cluster.local", "warning")


@pytest.mark.row(15)
def test_a_preview_without_a_cluster_goes_on_and_says_what_it_could_not_check(deployed):
    recording = deployed()
    assert releases(recording) == {"istio-base", "istiod", INGRESS, EGRESS}
    assert any("Preflight not done" in line and "does not answer" in line for line in recording.logs)


@pytest.mark.parametrize(("version", "annotated"), [(SHIPPED, None), (OLDEST, OLDEST)])
def test_a_gateway_of_before_gets_its_version_with_the_first_upgrade_and_not_earlier(deployed, version, annotated):
    old = {"name": INGRESS, "namespace": "istio-system", "version": SHIPPED, "values": {"podAnnotations": {}}}
    state = {"urn:pulumi:test::pi-mesh::x::ingress": {"type": RELEASE, "outputs": old}}
    recording = deployed(make_snapshot(version="v1.29.0"), state=state, istio={"version": version})
    (ingress,) = (item for item in recording.of_type(RELEASE) if item.props["name"] == INGRESS)
    assert ingress.props["values"]["podAnnotations"].get(VERSION_ANNOTATION) == annotated


def test_what_follows_istiod_waits_for_its_webhook_but_not_in_a_preview(plain, deployed):
    assert plain.one("istiod-release").hooks == {"after_create", "after_update"}
    assert deployed(None).one("istiod-release").hooks == set()


@pytest.mark.parametrize(("adopt", "namespace"), [(False, "istio-namespace"), (True, "")])
def test_what_up_left_goes_with_its_namespace_unless_a_destroy_retains_it(deployed, adopt, namespace):
    assert deployed(make_snapshot(), istio={"adopt": adopt}).one("applied").deleted_with == namespace


def test_providers_that_are_registered_already_are_the_meshs_own(monkeypatch):
    monkeypatch.setattr("pi_mesh.cluster.snapshot.read", lambda *_, **__: make_snapshot())
    recording = record(lambda: mesh.deploy(make_settings(), provider.register("test")))
    assert [item.name for item in recording.of_type("pulumi:providers:kubernetes")] == ["cluster"]
    assert recording.one("istiod-release").provider == "cluster"


def test_an_up_that_the_checks_refuse_registers_no_provider(monkeypatch):
    monkeypatch.setattr("pi_mesh.cluster.snapshot.read", lambda *_, **__: make_snapshot(nodes=make_pis(2)))
    monkeypatch.setattr("components.mesh.provider.register", lambda *_: pytest.fail("a provider was registered"))
    with pytest.raises(pulumi.RunError, match="nothing was touched"):
        record(lambda: mesh.deploy(make_settings()))


def in_mesh(settings: dict, **options: object) -> mesh.Mesh:
    return mesh.Mesh("mesh", {"settings": settings}, pulumi.ResourceOptions(**options))


AT_ROOT = ("cluster", "destroy", "destroy-guard")
REFUSED = ("further settings", "gateway api")
"""Recorded meshes that preflight refuses, for they have every kind of route at one listener."""
SETTINGS = {
    name: {key: given[key] for key in given.keys() - {"load_balancers", "root"}}
    for name, given in MESHES.items()
    if name not in REFUSED
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_a_stack_of_this_projects_program_moves_into_a_mesh_without_a_replacement(deployed, monkeypatch, settings):
    monkeypatch.setattr("components.ca.source.read_signers", lambda *_: ROOT.pem)
    before, after = deployed(**settings), deployed(program=in_mesh, **settings)
    old = {(item.parent, item.type, item.name) for item in before.resources}
    kept = {("pi-mesh-test" if item.at_root else item.parent, item.type, item.name) for item in after.resources}
    assert kept - {("pi-mesh-test", MESH, "mesh")} == old
    assert [item.name for item in after.resources if item.at_root != (item.parent == "mesh")] == []
    assert {item.name for item in after.resources if item.parent == "pi-mesh-test"} == {"mesh", *AT_ROOT}


def test_a_mesh_has_the_outputs_of_the_programs_own_stack(deployed, plain):
    exported = deployed(make_snapshot(), program=lambda settings: pulumi.export("mesh", in_mesh(settings).outputs))
    assert exported.exports["mesh"] == plain.exports


def test_what_others_say_of_a_mesh_holds_for_all_in_it(deployed):
    def program(settings: dict) -> None:
        bucket = pulumi.CustomResource("shop:index:Bucket", "before", {})
        whole = in_mesh(settings, protect=True, depends_on=[bucket], transformations=[named.append])
        pulumi.CustomResource("shop:index:Order", "after", {}, pulumi.ResourceOptions(depends_on=[whole]))

    named: list[pulumi.ResourceTransformationArgs] = []
    recording = deployed(make_snapshot(), program=program)
    inside = {
        item.name for item in recording.resources if "Mesh$" in item.urn or item.parent not in ("pi-mesh-test", "")
    }
    assert recording.one("istiod-release").protect
    assert "before" in recording.one("mesh").dependencies
    assert {"istiod-release", "trading-namespace"} <= recording.one("after").dependencies
    assert {args.name for args in named} >= inside


def test_a_destroy_asks_before_it_deletes_what_the_users_program_has_after_the_mesh(deployed):
    def program(settings: dict) -> None:
        in_mesh(settings)
        pulumi.CustomResource("shop:index:Order", "after", {})

    dependencies = deployed(make_snapshot(), program=program).one("destroy-guard").dependencies
    assert {"after", "istiod-release", "destroy-drain"} <= dependencies


def test_what_the_engine_knows_later_is_checked_when_it_is_known(deployed):
    def late(settings: dict, replicas: object) -> None:
        in_mesh(settings | {"ingress": {"replicas": pulumi.Output.from_input(replicas)}})

    recording = deployed(program=partial(late, replicas=2))
    assert recording.one(f"{INGRESS}-release").props["values"]["replicaCount"] == 2
    unknown = deployed(program=partial(late, replicas=pulumi.UNKNOWN))
    assert [item.name for item in unknown.resources] == ["mesh"]
    assert any("not known before `up`, which checks them then" in line for line in unknown.logs)


def test_a_wrong_setting_of_the_program_itself_is_a_line_with_its_key(deployed):
    with pytest.raises(pulumi.RunError, match=r"ingress\.replicas"):
        deployed(program=in_mesh, ingress={"replicas": "many"})


def test_other_languages_get_the_mesh_with_its_settings_secrets_and_outputs():
    schema = json.loads(ComponentProvider([mesh.Mesh], "pi-mesh-component").schema)
    resource = schema["resources"]["pi-mesh-component:index:Mesh"]
    assert (sorted(resource["inputProperties"]), [*resource["properties"]]) == (["secrets", "settings"], ["outputs"])
