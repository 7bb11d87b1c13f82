"""The relaxations of a pull request: rules, settings, and the code that judges."""

import pytest
import yaml

from operations.pull_request import relaxations
from operations.pull_request.relaxations import Relaxations, Rule
from tests.support.factories import raw_settings
from tests.support.files import write_files
from tests.support.findings import case, table
from tests.support.versions import NEWEST

BOUNDS = {"memory": "512Mi", "allowed": ["a"]}
CEILING, OTHER = Rule("mandatory", BOUNDS), Rule("mandatory", {})
STRICT, PERMISSIVE = ({"mtls": {"mode": mode}} for mode in ("STRICT", "PERMISSIVE"))
LISTED = ["192.0.2.0/24"]
WITHOUT_SIDECARS = {"namespaces": {"research": {"injection": False}}}
PACKAGES, PROGRAM = "ran with the packages that it names", "the changed program wrote this comment"
CHART = {"chart": "istiod", "version": "1.0.0", "source": "https://charts.example", "sha256": "a" * 64}


@pytest.mark.parametrize(("after", "lines"), [
    (None, ("Rule `ceiling` is deleted.",)),
    (Rule("advisory", BOUNDS), ("Rule `ceiling` is advisory, no longer mandatory.",)),
    (Rule("disabled", {}), ("Rule `ceiling` is disabled, no longer mandatory.",)),
    (Rule("mandatory", {**BOUNDS, "memory": "1Gi"}), ("Rule `ceiling`: `memory` `512Mi` → `1Gi`",)),
    (Rule("mandatory", {**BOUNDS, "allowed": ["a", "b"]}), ("Rule `ceiling`: `allowed` `[a]` → `[a, b]`",)),
    (CEILING, ()),
    (Rule("mandatory", {**BOUNDS, "memory": "256Mi"}), ()),
    (Rule("remediate", BOUNDS), ()),
])  # fmt: skip
def test_a_rule_that_forbids_less_is_told(after, lines):
    new = {"other": OTHER, **({"ceiling": after} if after else {})}
    relaxed = relaxations.rule_relaxations({"ceiling": CEILING, "other": OTHER}, new)
    assert relaxed == ({"ceiling": lines} if lines else {})


def test_a_stricter_level_is_no_relaxation():
    assert relaxations.rule_relaxations({"a": Rule("advisory", {})}, {"a": Rule("mandatory", {})}) == {}


def test_a_deleted_pack_relaxes_every_rule_in_one_line():
    relaxed = Relaxations(relaxations.rule_relaxations({"a": CEILING, "b": CEILING}, {}))
    assert len(relaxed.rules) == 2
    assert relaxed.lines == ("The policy pack is deleted, and with it 2 rules.",)


def config(**branches: object) -> dict[str, object]:
    return {f"pi-mesh:{name}": value for name, value in raw_settings(**branches).items()}


VALUES = "values change that no typed setting judges."
RANGES = "`ingress.service.sourceRanges` `[192.0.2.0/24]` → `[192.0.2.0/24, 198.51.100.0/24]`"


def base_values(**values: object) -> dict[str, object]:
    return config(base={"values": values})


def ranges(*addresses: str) -> dict[str, object]:
    return config(ingress={"service": {"sourceRanges": [*addresses]}})


@table(
    case("a setting with its key, both values and its meaning", config(namespaces={"research": {}}),
         config(**WITHOUT_SIDECARS), "`namespaces.research.injection` `true` → `false`: new pods get no sidecar."),
    case("a map with each key that changes", base_values(), base_values(a={"b": 1}, c=[2]),
         f"`base.values.a.b` nothing → `1`, `base.values.c` nothing → `[2]`: {VALUES}"),
    case("a map with a key less", base_values(a=1, b=2), base_values(a=1), f"`base.values.b` `2` → nothing: {VALUES}"),
    case("a map with an amount", base_values(a="1Gi"), base_values(a="2Gi"),
         f"`base.values.a` `1Gi` → `2Gi`: {VALUES}"),
    case("a map without a different leaf as a whole", base_values(), base_values(a={}),
         f"`base.values` `{{}}` → `{{a: {{}}}}`: {VALUES}"),
    case("a list with all its items", ranges(*LISTED), ranges(*LISTED, "198.51.100.0/24"),
         f"{RANGES}: more clients may use the gateway's address."),
    case("nothing of a new stack", {}, config(**PERMISSIVE), ""),
    case("nothing of a new namespace", config(), config(namespaces={"research": {"workloads": 5}}), ""),
)  # fmt: skip
def test_weaker_settings_are_told(before, after, line):
    assert relaxations.setting_relaxations(before, after) == ((line,) if line else ())


def test_settings_that_are_refused_are_still_compared():
    assert keys(config(**STRICT), config(**PERMISSIVE, nonsense=1)) == ["mtls.mode"]


@pytest.mark.parametrize(("files", "links", "says"), [
    (["policies/rules/mtls.py"], [], "`policies/rules/mtls.py` changes: review what the rules forbid now"),
    pytest.param(["policies/pulumi_policy.py"], [], "review what the rules forbid", id="a module before the package's"),
    pytest.param(["pi_mesh/.gitattributes"], [], "leave files out of the base", id="files that git archive leaves out"),
    *(([file], [], PACKAGES) for file in ("requirements-dev.txt", "pyproject.toml")),
    *(([file], [], PROGRAM) for file in ("operations/pull_request/comment.py", ".github/workflows/preview.yml")),
    *(([file], [], PROGRAM) for file in ("pi_mesh/quantities.py", "pi_mesh/settings/pulumi_config.py")),
    pytest.param([f"operations/pull_request/{name}.py" for name in "abcde"], [], f"and 2 more change: {PROGRAM}.",
                 id="many files of the program are one line"),
    pytest.param(["Pulumi.pi-cluster.yaml"], ["Pulumi.pi-cluster.yaml", "old"], "is a symbolic link now",
                 id="a file that becomes a symbolic link, but no other link"),
])  # fmt: skip
def test_a_change_of_what_judges_or_tells_is_told(files, links, says):
    (line,) = relaxations.code_relaxations(["README.md", *files, "docs/kind.yaml"], links)
    assert (f"`{files[0]}`" in line, says in line) == (True, True)


@pytest.mark.parametrize(("after", "words"), [
    (None, "has no section `pi-cluster` any more"),
    ({"other": [CHART]}, "has no section `pi-cluster` any more"),
    ({"pi-cluster": [{**CHART, "sha256": "b" * 64}]}, "The sum of the chart `istiod` 1.0.0 changes"),
    ({"pi-cluster": "none"}, "cannot be compared"),
    ({"pi-cluster": [CHART, {**CHART, "version": "2.0.0"}]}, ""),
])  # fmt: skip
def test_a_chart_that_the_lock_guards_no_more_is_named(tmp_path, after, words):
    folders = tmp_path / "old", tmp_path / "new"
    for folder, stacks in zip(folders, ({"pi-cluster": [CHART]}, after), strict=True):
        write_files(folder, {"charts.lock.yaml": yaml.safe_dump({"stacks": stacks})} if stacks else {})
    lines = relaxations.lock_relaxations(*folders, "pi-cluster")
    assert [words in line for line in lines] == ([True] if words else [])


def service(side: str, **settings: object) -> dict:
    return {side: {"service": settings}}


def gateway(**settings: object) -> dict:
    named = {"protocol": "HTTPS", "hosts": ["a.example"], "tls": {"secret": "web"}}
    return {"traffic": {"gateways": {"web": {**named, **settings}}}}


def route(**settings: object) -> dict:
    return {"traffic": {"routes": {"r": {"hosts": ["shop"], "http": [{"to": [{"service": "shop"}], **settings}]}}}}


def hours(**changes: str) -> dict:
    return {"trading": {"hours": {"timeZone": "Europe/Berlin", "opens": "09:00", "closes": "17:30", **changes}}}


def cluster(number: int) -> dict:
    return {"cluster": {"uid": f"0000000{number}-0000-0000-0000-000000000000"}}


ANY = {"values": {"any": 1}}
ADDONS = ("grafana", "jaeger", "kiali", "prometheus")
MUTUAL = {"secret": "web", "mode": "MUTUAL"}
WEAKENED = [
    ("proxy.outboundTraffic", {"proxy": {"outboundTraffic": "REGISTRY_ONLY"}}, {}),
    ("ingress.service.sourceRanges", service("ingress", sourceRanges=LISTED), {}),
    ("trading.hours.closes", hours(), hours(opens="12:00", closes="12:01")),
    ("trading.hours", hours(), {}),
    ("namespaces.research.injection", {}, WITHOUT_SIDECARS),
    ("traffic.gateways.web.allowAddresses", gateway(allowAddresses=LISTED), gateway()),
    ("traffic.gateways.web.allowAddresses", gateway(allowAddresses=LISTED), gateway(allowAddresses=["0.0.0.0/0"])),
    ("traffic.gateways.web.hosts", gateway(), gateway(hosts=["*"])),
    ("traffic.gateways.web.tls.mode", gateway(tls=MUTUAL), gateway()),
    ("traffic.gateways.web.tls", gateway(protocol="TLS"), gateway(protocol="TLS", tls=None)),
    ("traffic.gateways.web.protocol", gateway(), gateway(protocol="HTTP")),
    ("traffic.routes.r.http", route(), route(retries={"attempts": 2, "idempotent": True})),
]
BOTH_WAYS = [
    ("cluster.uid", cluster(1), cluster(2)),
    ("cluster.context", {}, {"cluster": {"context": "other"}}),
    ("ca.source", {}, {"ca": {"source": "secret", "secret": "cacerts"}}),
    ("trading.hours.closes", hours(), hours(opens="02:59", closes="03:00")),
    *((f"{key}.values.any", {}, {key: ANY}) for key in ("base", "ingress", "egress")),
    ("istio.values.any", {}, {"istio": {"version": NEWEST, **ANY}}),
    ("vault.certManager.values.any", {}, {"vault": {"certManager": ANY}}),
    *((f"observability.{name}.values.any", {}, {"observability": {name: ANY}}) for name in ADDONS),
]


@pytest.mark.parametrize(("key", "before", "after"), [*WEAKENED, *BOTH_WAYS])
def test_what_weakens_the_mesh_is_told_with_its_key_and_the_way_back_where_it_weakens_too(key, before, after):
    assert keys(config(**before), config(**after)) == [key]
    assert keys(config(**after), config(**before)) == ([key] if (key, before, after) in BOTH_WAYS else [])


def keys(before: dict[str, object], after: dict[str, object]) -> list[str]:
    """Return the config keys of the settings that are weaker, of a map its first key that changes."""
    lines = relaxations.setting_relaxations(before, after)
    return [line.split("`")[1] for line in lines if not line.startswith("`ca.secret`")]


@pytest.mark.parametrize(("before", "after", "lower"), [
    ("1Gi", "1Mi", True), ("1Gi", "1024Mi", False), ("1Mi", "1Gi", False), ("a", "b", False),
])  # fmt: skip
def test_only_an_amount_that_falls_is_lower(before, after, lower):
    assert relaxations._is_lower(before, after) is lower
