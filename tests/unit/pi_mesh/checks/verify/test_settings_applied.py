"""The findings about changed settings that were never applied."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.verify import settings_applied
from pi_mesh.cluster.helm_releases import ReleaseRecord, digest
from pi_mesh.cluster.stack_state import without_gateway_version
from tests.support.factories import make_mesh
from tests.support.healthy_mesh import applied_as_asked, found, in_cluster, make_verification

RESOURCES = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "700m", "memory": "256Mi"}}
CHANGES = {
    "ingress.replicas": {"ingress": {"replicas": 3}},
    "egress.drainSeconds": {"egress": {"drainSeconds": 33}},
    "istio.pilotReplicas": {"istio": {"pilotReplicas": 5}},
    "istio.resources": {"istio": {"resources": RESOURCES}},
    "istio.version": {"istio": {"version": "1.30.0"}},
    "proxy.outboundTraffic": {"proxy": {"outboundTraffic": "REGISTRY_ONLY"}},
    "proxy.drainSeconds": {"proxy": {"drainSeconds": 9}},
    "mtls.certificateLifetime": {"mtls": {"certificateLifetime": "24h"}},
    "ingress.service.type": {"ingress": {"service": {"type": "LoadBalancer"}}},
    "images.hub": {"images": {"hub": "example.com/istio"}},
    "istio.values.global.logAsJson": {"istio": {"values": {"global": {"logAsJson": True}}}},
}


def unapplied_settings(applied=None, **changes):
    """Return the findings about a mesh that was applied with the defaults, for a stack file with these changes."""
    before = tuple(applied(one) if applied else applied_as_asked(one) for one in make_mesh().releases)
    seen = found(make_verification(make_mesh(**changes)), releases=before)
    return {one.name: one for one in settings_applied.check(seen) if one.level is not Level.OK}


@pytest.mark.parametrize("key", CHANGES)
def test_a_changed_setting_is_named_by_its_config_key(key):
    findings = unapplied_settings(**CHANGES[key])
    assert key in findings
    assert findings[key].level is Level.ERROR
    assert "pulumi up" in findings[key].fix


@pytest.mark.parametrize("key", CHANGES)
def test_where_no_secret_is_read_it_is_named_too(key):
    def left_by_up(release):
        return replace(applied_as_asked(release), values=release.typed, extra=digest(release.id, release.extra))

    expected = "istio.values" if ".values" in key else key
    assert expected in unapplied_settings(left_by_up, **CHANGES[key])


def test_both_values_are_shown_with_the_value_that_helm_gets():
    message = unapplied_settings(ingress={"replicas": 3})["ingress.replicas"].message
    assert message.startswith("the stack file asks for 3, the cluster has 1 (replicaCount and 2 more values of release")


def test_a_text_among_extra_values_is_not_shown():
    findings = unapplied_settings(istio={"values": {"global": {"password": "hunter2"}}})
    assert "hunter2" not in str(findings)


def test_nothing_is_said_of_a_mesh_that_was_applied(healthy):
    (finding,) = settings_applied.check(healthy)
    assert (finding.level, finding.number) == (Level.OK, 4)


def test_a_value_that_only_helm_knows_is_named():
    def by_hand(release):
        return replace(
            applied_as_asked(release), values={**release.values, "meshConfig": {"accessLogFile": "/dev/stdout"}}
        )

    assert "istio.values.meshConfig.accessLogFile" in unapplied_settings(by_hand)


def test_a_service_type_that_the_cluster_decides_is_a_warning():
    seen = found(
        make_verification(make_mesh(load_balancers=True)), releases=tuple(map(applied_as_asked, make_mesh().releases))
    )
    (finding,) = settings_applied.check(seen)
    assert (finding.name, finding.level) == ("ingress.service.type", Level.WARNING)


def test_a_gateway_that_is_switched_off_but_installed_is_named():
    seen = make_verification(make_mesh(egress={"enabled": False}))
    left = (*seen.snapshot.releases, ReleaseRecord("istio-system", "istio-egressgateway"))
    findings = [one.name for one in settings_applied.check(in_cluster(seen, releases=left)) if one.level is Level.ERROR]
    assert findings == ["istio-system/istio-egressgateway"]


def test_vaults_root_which_only_vault_tells_is_left_to_the_certificates_rows():
    vault = {"enabled": True, "address": "https://vault.example", "key": "internal"}
    before = tuple(map(applied_as_asked, make_mesh(root="-----BEGIN CERTIFICATE-----", vault=vault).releases))
    seen = found(make_verification(make_mesh(vault=vault)), releases=before)
    assert [one.level for one in settings_applied.check(seen)] == [Level.OK]


def test_gateways_that_were_installed_without_the_version_annotation_are_as_asked():
    old = make_mesh(istio={"version": "1.20.3"})
    before = tuple(replace(applied_as_asked(one), values=without_gateway_version(one.values)) for one in old.releases)
    assert [one.level for one in settings_applied.check(found(make_verification(old), releases=before))] == [Level.OK]


def test_a_finding_counts_its_values_and_a_value_alone_has_no_others():
    assert unapplied_settings(ingress={"replicas": 3})["ingress.replicas"].number == 3
    alone = unapplied_settings(istio={"values": {"global": {"logAsJson": True}}})["istio.values.global.logAsJson"]
    assert alone.message == (
        "the stack file asks for True, the cluster has nothing (global.logAsJson of release istio-system/istiod)"
    )


@pytest.mark.parametrize("secret", ["hunter2", ["hunter2"]])
def test_texts_and_lists_among_extra_values_are_told_to_differ(secret):
    (finding,) = unapplied_settings(istio={"values": {"global": {"password": secret}}}).values()
    assert finding.message.startswith("the stack file asks for another value than the cluster has (global.password of")


def test_a_mesh_of_which_nothing_is_applied_is_not_called_right():
    assert [*settings_applied.check(found(make_verification(make_mesh()), releases=()))] == []


def test_another_chart_version_alone_is_named_by_the_key_of_istios_version():
    def of_another_chart(release):
        return replace(applied_as_asked(release), chart_version="1.30.9")

    assert set(unapplied_settings(of_another_chart)) == {"istio.version"}


def test_a_text_of_a_typed_setting_is_shown_wherever_it_lies_in_the_values():
    for settings in ({"images": {"hub": "example.com/istio"}}, {"images": {"pullPolicy": "Never"}}):
        (shown,) = settings["images"].values()
        (finding,) = [one for key, one in unapplied_settings(**settings).items() if key.startswith("images.")]
        assert finding.message.startswith(f"the stack file asks for {shown!r}")


def test_an_extra_value_in_a_branch_of_typed_settings_keeps_its_own_key():
    findings = unapplied_settings(istio={"values": {"sidecarInjectorWebhook": {"rewriteAppHTTPProbe": False}}})
    assert list(findings) == ["istio.values.sidecarInjectorWebhook.rewriteAppHTTPProbe"]


def test_the_version_of_a_release_is_shown_as_asked_and_as_it_is():
    message = unapplied_settings(istio={"version": "1.30.0"})["istio.version"].message
    assert message.startswith("the stack file asks for '1.30.0', the cluster has '1.31.0' (version of ")
