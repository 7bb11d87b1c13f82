"""The command `images`."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import jsonschema
import pytest

from operations import stacks
from operations.images import mesh_images
from operations.rehearse import trial
from operations.rehearse.trial import Trial
from operations.short_lived import ShortLived
from pi_mesh.cluster import nodes
from pi_mesh.cluster.pod_lifecycle import Startup
from tests.support.command_line import REPORT_SCHEMA, run_command
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient
from tests.support.snapshots import installed_mesh, make_node, make_snapshot
from tests.support.versions import BEFORE, NEWEST

run = partial(run_command, "images")
PILOT, PROXY = f"docker.io/istio/pilot:{NEWEST}", f"docker.io/istio/proxyv2:{NEWEST}"
DIGEST = f"sha256:{'a' * 64}"
PINNED = {"hub": "registry.example:5000/istio", "digests": {"pilot": DIGEST}}
PINNED_PILOT = f"registry.example:5000/istio/pilot:{NEWEST}@{DIGEST}"
GATEWAYS = ["ingress gateway", "egress gateway"]
BOTH, FULL = ((PILOT, f"docker.io/istio/pilot@{DIGEST}"), (PROXY,)), (("other",),) * 50


class Stack:
    """The settings of a stack, its cluster, and the pulls that ran there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.settings, self.answers, self.client = make_settings(), dict[str, Trial](), FakeClient()
        self.nodes = (make_node("pi-1", images=BOTH), make_node("pi-2"), make_node("pi-3", cordoned=True, images=BOTH))
        self.pulls: list[dict[str, ShortLived]] = []
        self.waits: list[float] = []
        monkeypatch.setattr(stacks, "load", lambda _: self.settings)
        monkeypatch.setattr(stacks, "load_changed", lambda _, to: make_settings(istio={"version": to["istio.version"]}))
        monkeypatch.setattr(stacks, "load_with_cluster", lambda _: (self.settings, self.cluster))
        monkeypatch.setattr(mesh_images, "Client", self.client)
        monkeypatch.setattr(trial, "running_trials", self._running)

    @property
    def cluster(self):
        return make_snapshot(nodes=self.nodes, **installed_mesh())

    @contextmanager
    def _running(
        self, _: object, trials: Mapping[str, ShortLived], seconds: float, __: object
    ) -> Iterator[dict[str, Trial]]:
        self.pulls.append(dict(trials))
        self.waits.append(seconds)
        yield {node: self.answers.get(node, Trial(seconds=12)) for node in trials}


@pytest.fixture
def stack(monkeypatch) -> Stack:
    return Stack(monkeypatch)


def report(*arguments: str, status: int = 0) -> dict:
    """Return the report with --json, which the schema describes."""
    done = run(*arguments, "-s", "test", "--json")
    content = json.loads(done.stdout)
    jsonschema.Draft202012Validator(REPORT_SCHEMA).validate(content)
    assert (done.exit_code, content["status"]) == (status, status)
    return content


def said(content: dict) -> list[tuple[str, str, str]]:
    return [(one["level"], one["name"], one["message"]) for one in content["findings"]]


MOVED = {"istio": {"version": BEFORE, "canary": {"version": NEWEST, "revision": "new"}}, "ingress": {"revision": "new"}}
OLD = f"docker.io/istio/proxyv2:{BEFORE}"
PROMETHEUS = {"observability": {"prometheus": {"enabled": True}}}


@pytest.mark.parametrize(("settings", "options", "rows"), [
    pytest.param({}, (), {PILOT: ["istiod"], PROXY: ["sidecars of istiod", *GATEWAYS]}, id="a mesh"),
    pytest.param({"images": PINNED}, (), {PINNED_PILOT: ["istiod"]}, id="a hub and a digest"),
    pytest.param({"images": PINNED}, ("--to", BEFORE), {OLD: ["sidecars of istiod", *GATEWAYS]}, id="a coming version"),
    pytest.param(MOVED, (), {OLD: ["sidecars of istiod", GATEWAYS[1]], PILOT: ["istiod new"],
                             PROXY: ["sidecars of istiod new", GATEWAYS[0]]}, id="a gateway of a second istiod"),
    pytest.param(PROMETHEUS, (), {None: ["istio-system/prometheus"]}, id="an addon, whose chart names its image"),
])  # fmt: skip
def test_the_list_has_each_image_as_the_pods_have_it(stack, settings, options, rows):
    stack.settings = make_settings(**settings)
    listed = {row["image"]: row["users"] for row in report("list", *options)["images"]}
    assert {image: listed.get(image) for image in rows} == rows


def test_a_person_reads_a_table_that_names_the_charts_of_other_images(stack):
    stack.settings = make_settings(**PROMETHEUS)
    lines = run("list", "-s", "test").output.splitlines()
    assert lines[1].split() == [PILOT, "istiod", "IfNotPresent"]
    assert lines[-1].startswith("of the chart prometheus ")


PULL = "`python -m operations images pull -s test`"


@pytest.mark.parametrize(("lists", "level", "message"), [
    pytest.param([BOTH, BOTH], "ok", "is on pi-1, pi-2 and pi-3", id="every node has it"),
    pytest.param([BOTH, BOTH[1:]], "warning", "is not on pi-2: its next pod there waits for a pull", id="one has not"),
    pytest.param([FULL, FULL[1:]], "warning", "is not on pi-2: its next pod there waits for a pull", id="and one may"),
    pytest.param([FULL, BOTH], "unknown", "may be on pi-1: the kubelet names 50 images or more, which may not be all",
                 id="a full list"),
    pytest.param([(*FULL, *BOTH), BOTH], "ok", "is on pi-1, pi-2 and pi-3", id="a full list that has it"),
])  # fmt: skip
def test_each_image_is_looked_for_in_the_lists_of_the_kubelets(stack, lists, level, message):
    gone = make_node("pi-4", ready=False)
    stack.nodes = (*(make_node(f"pi-{n}", images=images) for n, images in enumerate(lists, 1)), stack.nodes[2], gone)
    stack.settings = make_settings(**PROMETHEUS)
    content = report("check")
    assert said(content)[0] == (level, PILOT, message)
    assert said(content)[-1][:2] == ("unknown", "istio-system/prometheus")
    assert content["findings"][0]["fix"] == ("" if level == "ok" else PULL)


@pytest.mark.usefixtures("stack")
def test_the_cure_for_an_image_of_a_coming_version_names_the_version():
    assert [finding["fix"] for finding in report("check", "--to", BEFORE)["findings"]] == [
        f"`python -m operations images pull --to {BEFORE} -s test`"
    ] * 2


@pytest.mark.parametrize(("images", "name"), [
    ({}, PILOT),
    ({"hub": "istio"}, PILOT),
    ({"hub": "index.docker.io/istio"}, PILOT),
    ({"hub": "localhost:5000/istio"}, f"localhost:5000/istio/pilot:{NEWEST}"),
    (PINNED, f"registry.example:5000/istio/pilot@{DIGEST}"),
    ({"hub": "istio", "digests": {"pilot": DIGEST}}, f"docker.io/istio/pilot@{DIGEST}"),
])  # fmt: skip
def test_a_node_names_an_image_with_its_registry_and_by_its_digest(images, name):
    settings = make_settings(images=images)
    item = {"metadata": {"name": "pi-1"}, "status": {"images": [{"names": ["x", name]}, {"names": None}, {}]}}
    image = settings.images.reference("pilot", NEWEST)
    assert mesh_images.has_image(settings, nodes.parse(item), image) is True
    assert mesh_images.has_image(settings, make_node(images=((f"{name}0",),)), image) is False


def test_each_node_pulls_what_it_lacks_one_node_after_the_other(stack):
    stack.nodes = (*stack.nodes, make_node("pi-4", images=((PROXY,),)))
    content = report("pull", "--namespace", "scratch")
    assert [list(jobs) for jobs in stack.pulls] == [["pi-2"], ["pi-4"]]
    first, second = (job for jobs in stack.pulls for job in jobs.values())
    commands = {part["image"]: part["command"] for part in first.containers}
    assert commands == {PILOT: ["/usr/local/bin/pilot-discovery", "version"],
                        PROXY: ["/usr/local/bin/envoy", "--version"]}  # fmt: skip
    assert len({part["name"] for part in first.containers}) == 2
    assert [part["image"] for part in second.containers] == [PILOT]
    assert {first.namespace, second.namespace} == {"scratch"}
    assert [message for _, _, message in said(content)] == [
        "is cordoned: nothing was tried there",
        f"already has {PILOT} and {PROXY}",
        f"{PILOT} with {PROXY} is there, after 12 s",
        f"{PILOT} is there, after 12 s",
    ]


WAITING = Startup("pod", "ImagePullBackOff", "manifest unknown", image=PROXY)
REASON = "ImagePullBackOff (not in the registry): manifest unknown"


@pytest.mark.parametrize(("answer", "message"), [
    pytest.param(Trial(startup=WAITING), f"{PROXY} does not start: {REASON}", id="an image that is not there"),
    pytest.param(Trial("its Job was refused: no right"), "was not tried: its Job was refused: no right", id="no Job"),
])  # fmt: skip
def test_a_pull_that_fails_is_an_error_with_its_cause_and_the_next_node_pulls(stack, answer, message):
    stack.nodes, stack.answers = (make_node("pi-1"), make_node("pi-2")), {"pi-1": answer}
    content = report("pull", status=1)
    assert said(content)[0] == ("error", "pi-1", message)
    assert said(content)[1][:2] == ("ok", "pi-2")


def test_each_node_pulls_with_the_stacks_secrets_and_a_missing_one_is_said(stack):
    own = {"hub": "registry.example/istio", "pullSecrets": ["mine"]}
    stack.settings, stack.nodes = make_settings(images=own, **PROMETHEUS), (make_node("pi-1"), make_node("pi-2"))
    output = run("pull", "-s", "test", "--wait", "30").output
    jobs = [job for pulls in stack.pulls for job in pulls.values()]
    assert (stack.waits, [job.pod["imagePullSecrets"] for job in jobs]) == ([30, 30], [[{"name": "mine"}]] * 2)
    for words in ("node pi-2 pulls registry", "secret istio-system/mine", "release istio-system/prometheus"):
        assert words in output
    assert "/apis/batch/v1/jobs" in stack.client.got  # what a killed run left


def test_copy_prints_the_commands_of_crane_and_the_releases_that_they_leave_out(stack):
    stack.settings = make_settings(images=PINNED, **PROMETHEUS)
    pilot, proxy, prometheus = run("copy", "-s", "test", "--target", "mirror.example/istio/").output.splitlines()
    assert pilot == f"crane copy {PINNED_PILOT} mirror.example/istio/pilot:{NEWEST}"
    assert proxy.endswith(f"mirror.example/istio/proxyv2:{NEWEST}")
    assert prometheus.startswith("# release istio-system/prometheus: has images that only the chart prometheus ")


@pytest.mark.parametrize("arguments", [("copy",), ("check", "--target", "mirror.example/istio")])
@pytest.mark.usefixtures("stack")
def test_a_target_goes_with_copy_alone(arguments):
    (finding,) = report(*arguments, status=2)["findings"]
    assert finding["message"] == "--target goes with `images copy`"
