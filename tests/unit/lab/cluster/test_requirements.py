"""The lab's requirements on a machine, and its message where one is missing."""

import pytest

from lab.cluster import requirements
from lab.cluster.shell import LabError
from tests.support.findings import case, table


@pytest.fixture(autouse=True)
def capable(monkeypatch):
    """Make the machine fit for the lab."""
    monkeypatch.setattr(requirements.os, "geteuid", lambda: 0)
    monkeypatch.setattr(requirements, "_missing_controllers", list)
    monkeypatch.setattr(requirements, "_watches_in_use", lambda: 0)
    for step in ("announce", "ensure_packages"):
        monkeypatch.setattr(requirements, step, lambda: None)
    monkeypatch.setattr(requirements, "run", lambda *_: "")


def test_on_a_capable_machine_what_is_taken_of_it_is_said_before_a_package_is_installed(monkeypatch):
    steps: list[str] = []
    for step in ("ensure_packages", "announce"):
        monkeypatch.setattr(requirements, step, lambda step=step: steps.append(step))
    requirements.check()
    assert steps == ["announce", "ensure_packages"]


def refuse_namespaces(*command: str) -> str:
    if command[:2] == ("unshare", "--net"):
        raise LabError("unshare failed: Operation not permitted")
    return ""


@table(
    case("root", "os.geteuid", lambda: 1000, r"lacks: root\. .*kind, k3d, a real one.*cluster\.context"),
    case("cgroups", "_missing_controllers", lambda: ["memory", "pids"], "controllers memory, pids"),
    case("kernel", "run", refuse_namespaces, r"lacks: network namespaces \(.*Operation not permitted\)"),
    case("inotify", "_watches_in_use", lambda: 10**6, r"sysctl -w fs\.inotify\.max_user_instances"),
)
def test_what_a_machine_lacks_is_named_with_its_reason(monkeypatch, name, answer, words):
    monkeypatch.setattr(f"lab.cluster.requirements.{name}", answer)
    with pytest.raises(LabError, match=words):
        requirements.check()
