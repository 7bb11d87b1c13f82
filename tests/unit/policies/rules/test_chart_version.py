"""The rule that charts have an exact version."""

import pytest

from policies.rules import chart_version
from tests.support.policy_resources import istiod, said

VERSION = istiod()["version"]
REGISTRY = "oci://ghcr.io/istio/release/charts/istiod"
OVERRIDES = f"names a tag or digest, which overrides version {VERSION}"
ANOTHER = f"does not have version {VERSION} in its name, and Helm ignores the version for a package"
UNNAMED = "has no version in its name"


INEXACT = ("1.20", f"~{VERSION}", f">={VERSION}", "latest", "1.x", f"{VERSION} || 1.21.0", f" {VERSION}", None)


@pytest.mark.parametrize("version", INEXACT)
def test_a_chart_without_an_exact_version_is_refused(version):
    release, chart = istiod(version=version, devel=True), istiod(version=version)
    for props, type_ in ((release, ""), (chart, "kubernetes:helm.sh/v4:Chart")):
        (message,) = said(chart_version.RULE, props, type_)
        assert message.startswith(f"chart istiod has version {version!r}. Fix: pin it")


@pytest.mark.parametrize(("version", "what"), [(1.2, "a number"), ([VERSION], "a list")])
def test_a_version_is_a_text(version, what):
    (message,) = said(chart_version.RULE, istiod(version=version))
    assert message.startswith(f"version is {what}, where a text belongs")


@pytest.mark.parametrize(
    ("chart", "version", "words"),
    [
        pytest.param("charts/istiod.tgz", None, UNNAMED, id="a package without a version"),
        pytest.param("https://h.example/istiod.tgz", VERSION, UNNAMED, id="a package without a version, beside one"),
        pytest.param(f"https://h.example/istiod.tgz?x=-{VERSION}.tgz", None, UNNAMED, id="a package behind a query"),
        pytest.param("charts/istiod-1.x.tgz", None, UNNAMED, id="a package of a range"),
        pytest.param("charts/istiod-1.0.0.tgz", VERSION, ANOTHER, id="a package of another version"),
        pytest.param(f"{REGISTRY}:latest", VERSION, OVERRIDES, id="a tag"),
        pytest.param(f"{REGISTRY}@sha256:{'0' * 64}", VERSION, OVERRIDES, id="a digest"),
        pytest.param("./istiod", VERSION, "is a folder, whose content no version pins", id="a folder"),
    ],
)
def test_no_way_leads_past_the_exact_version(chart, version, words):
    (message,) = said(chart_version.RULE, istiod(chart=chart, version=version, repositoryOpts=None))
    assert message.startswith(f"chart {chart} {words}")


@pytest.mark.parametrize("version", [VERSION, "v1.21.2", "1.29.0-rc.0"])
def test_an_exact_version_passes(version):
    assert said(chart_version.RULE, istiod(version=version)) == []
    for beside in (version, None):
        assert said(chart_version.RULE, istiod(chart=f"charts/istiod-{version}.tgz", version=beside)) == []
