"""The rule that charts come from listed sources."""

from policies.rules import chart_source
from tests.support.findings import case, table
from tests.support.policy_resources import asked, assert_said, istiod

ALLOWED = "https://blob.istio.io/istio-release/charts"
REGISTRY = "oci://ghcr.io/istio/release/charts"
OUTSIDE = "comes from outside of the allowed sources"
UNLISTED = "chart istiod comes from {}. Fix: set charts.source"


@table(
    case("another host", "https://istio-release.storage.googleapis.com/charts", UNLISTED),
    case("a folder that begins like the allowed one", f"{ALLOWED}-of-mine", UNLISTED),
    case("a path that leads out again", f"{ALLOWED}/../../evil", UNLISTED),
    case("an encoded way out", f"{ALLOWED}/%2e%2e/%2e%2e/evil", UNLISTED),
    case("a backward slash", f"{ALLOWED}\\..\\evil", UNLISTED),
    case("a user before another host", "https://blob.istio.io@evil.example/istio-release/charts", UNLISTED),
    case("a port", "https://blob.istio.io:8443/istio-release/charts", UNLISTED),
    case("no encryption", "http://blob.istio.io/istio-release/charts", UNLISTED),
    case("a query", f"{ALLOWED}/x?to=//evil.example", UNLISTED),
    case("a new line", f"{ALLOWED}\nhttps://evil.example", UNLISTED),
    case("an allowed source", ALLOWED, ""),
    case("an allowed source with a slash", f"{ALLOWED}/", ""),
    case("a folder below an allowed source", f"{ALLOWED}/1.29", ""),
)
def test_a_repository_must_be_listed(repository, words):
    assert_said(chart_source.RULE, istiod(repositoryOpts__repo=repository), words.format(repository))


TYPES = ("v3:Chart", "v4:Chart", "v5:Release")
EVIL = istiod(repositoryOpts__repo="https://evil.example")
FOLDER = istiod(repositoryOpts=None, chart="charts/istiod")
PACKAGE = istiod(repositoryOpts__repo=None, chart=".lab/charts/istiod-1.29.0.tgz")
NONE, BESIDE = {"repositoryOpts": None}, {}
"""A release without a repository, and one beside whose allowed repository its chart comes from elsewhere."""


@table(
    case("another registry", NONE, "oci://gcr.io/istio-release/charts/istiod", OUTSIDE),
    case("a way out of the registry", NONE, f"{REGISTRY}/../../../evil/istiod", OUTSIDE),
    case("a scheme in capitals", NONE, "OCI://evil.example/istiod", OUTSIDE),
    case("an alias of helm repo add", NONE, "evil/istiod", "is a local package"),
    case("a registry", BESIDE, "oci://evil.example/charts/istiod", OUTSIDE),
    case("an address", BESIDE, "https://evil.example/istiod-1.29.0.tgz", OUTSIDE),
    case("a folder", BESIDE, "./istiod", f"is a path, which Helm looks up before it asks {ALLOWED}"),
    case("a file", BESIDE, "/tmp/istiod-1.29.0.tgz", f"is a path, which Helm looks up before it asks {ALLOWED}"),
)
def test_a_chart_from_elsewhere_is_refused_without_a_repository_and_beside_an_allowed_one(repository, chart, words):
    assert_said(chart_source.RULE, istiod(**repository, chart=chart), f"chart {chart} {words}")


@table(
    case("none", istiod(chart=None), "chart is not set, so that its source"),
    case("a map", istiod(chart={"path": "x"}), "chart is a map, where"),
    case("a package", PACKAGE, "chart .lab/charts/istiod-1.29.0.tgz is a local package"),
    case("a package that the policy config allows", asked(PACKAGE, packaged=True), ""),
    case("a folder beside such packages", asked(FOLDER, packaged=True), "chart"),
    case("a chart of a listed registry", istiod(repositoryOpts__repo=None, chart=f"{REGISTRY}/istiod"), ""),
    *(case(f"{type_} from elsewhere", asked(EVIL, f"kubernetes:helm.sh/{type_}"), "chart") for type_ in TYPES),
    *(case(f"{type_} from a listed source", asked(istiod(), f"kubernetes:helm.sh/{type_}"), "") for type_ in TYPES),
)
def test_whatever_installs_a_chart_is_judged(given, words):
    assert_said(chart_source.RULE, given, words)
