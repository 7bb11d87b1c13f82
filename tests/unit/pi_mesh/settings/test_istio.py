"""The revisions and tags in use, which must exist."""

import pytest

from pi_mesh.settings import SettingsError
from tests.support.factories import make_settings

CANARY = {"version": "1.31.0", "revision": "next"}


def refused(**settings: object) -> str:
    with pytest.raises(SettingsError) as problem:
        make_settings(**settings)
    return str(problem.value)


def test_a_namespace_and_a_gateway_may_follow_a_revision_a_tag_or_none():
    settings = make_settings(
        istio={"canary": CANARY, "tags": {"stable": "default", "new": "next"}},
        trading={"revision": "stable"},
        ingress={"revision": "next"},
    )
    assert (settings.trading.revision, settings.ingress.revision, settings.egress.revision) == ("stable", "next", None)


@pytest.mark.parametrize("key", ["trading", "ingress", "egress"])
def test_who_follows_what_is_not_there_is_told_what_is(key):
    assert f"{key}.revision is 'nxt'; there are default, next" in refused(
        istio={"canary": CANARY}, **{key: {"revision": "nxt"}}
    )


def test_a_tag_needs_a_revision_that_is_there():
    assert "istio.tags.stable is 'next'; there is default" in refused(istio={"tags": {"stable": "next"}})


@pytest.mark.parametrize("tag", ["default", "next"])
def test_a_tag_may_not_be_called_like_a_revision(tag):
    assert f"istio.tags has {tag}, the name of a revision" in refused(istio={"canary": CANARY, "tags": {tag: "next"}})


def test_the_first_control_planes_revision_is_nobody_elses():
    assert "the first control plane's" in refused(istio={"canary": {**CANARY, "revision": "default"}})


def test_the_settings_of_the_canary_are_those_of_the_first_but_for_the_version():
    settings = make_settings(istio={"version": "1.30.0", "canary": CANARY, "pilotReplicas": 2})
    assert (settings.of_canary.istio.version, settings.of_canary.istio.pilot_replicas) == ("1.31.0", 2)
