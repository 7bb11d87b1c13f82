"""The lines of `up` about an image that does not come, and the end of a wait that can never succeed."""

from collections.abc import Callable, Iterator

import pytest

from tests.support import registry
from tests.support.helm import releases
from tests.support.project import STACK, Project, Timed

CASES = ("slow", "too-many", "other-processor", "login", "gone")
SILENCE = 10.0  # seconds after which an `up` that waits must have said something


@pytest.fixture
def bare(nothing: Project) -> Project:
    """Return the stack lab with istiod alone, whose image comes from elsewhere."""
    nothing.change({"ingress.enabled": False, "egress.enabled": False})
    return nothing


def must_be_undone(project: Project, up: Timed) -> None:
    """Raise AssertionError unless nothing of the release is left, and nothing stays pending."""
    assert up.status != 0
    assert "istiod" not in releases(), up.output
    assert not project.state().get("pending_operations")


def test_a_wait_that_can_never_succeed_is_ended_in_order_and_the_next_up_succeeds(bare, figure):
    bare.set("images.hub", "registry.example/UPPER")
    up = bare.timed_up()
    at, line = up.first("istiod can never be ready")
    must_be_undone(bare, up)
    assert up.seconds < 100  # 20 on a quiet machine
    bare.set("images.hub", "docker.io/istio")
    bare.must_up()
    print(up.output)
    figure(f"invalid name: ended after {at:.0f} s, the run after {up.seconds:.0f} s: {line.strip()}")


@pytest.fixture(scope="module")
def bad_registry() -> Iterator[Callable[[str], str]]:
    with registry.running(*CASES):
        yield registry.hub


@pytest.mark.long
@pytest.mark.parametrize(
    ("case", "words", "succeeds"),
    [
        ("slow", "pulling", True),
        ("too-many", "too many requests", True),
        ("gone", "ImagePullBackOff", True),
        ("missing", "not in the registry, 3 pulls failed", False),
        ("login", "login refused, 3 pulls failed", False),
        ("other-processor", "wrong architecture", False),
    ],
)
def test_a_registry_with_a_bad_day(case, words, succeeds, bare, bad_registry, figure):
    bare.set("images.hub", bad_registry("none" if case == "missing" else case))
    up = bare.timed_up()
    print(up.output)
    at, line = up.first(words)
    assert up.silence < SILENCE
    if succeeds:
        assert up.status == 0
        state = f"istiod {releases()['istiod']}"
    else:
        must_be_undone(bare, up)
        state = "no release, nothing pending"
    ended = f"`up` ended after {up.seconds:.0f} s, status {up.status}; {state}"
    figure(f"{case}: after {at:.0f} s {line.strip()[:150]} | {ended}")


@pytest.mark.long
def test_a_private_registry_is_logged_into(bare, bad_registry, figure):
    bare.set("images.hub", bad_registry("login"))
    bare.set("images.login", {"username": "pi"})
    bare.run("pulumi", "config", "set", "--secret", "registryPassword", "correct", "--stack", STACK)
    up = bare.timed_up()
    assert up.status == 0, up.output
    state = bare.run("pulumi", "stack", "export", "--stack", STACK).output
    assert "correct" not in state
    figure(f"images.login: istiod's image pulled and the mesh up after {up.seconds:.0f} s; no password in the state")
