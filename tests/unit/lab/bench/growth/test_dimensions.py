"""The dimensions: whatever happens, the lab is as it was in the end."""

import subprocess
from types import SimpleNamespace

import pytest

from lab.bench import other_settings
from lab.bench.growth import bare_program, dimensions, many_routes, stack_commands

LAB_UP = "pulumi up --stack lab"


@pytest.fixture
def steps(monkeypatch, tmp_path) -> list[str]:
    """Record the steps that would change the lab, in their order."""
    done: list[str] = []

    def record(name: str):
        return lambda *arguments, **_: done.append(" ".join([name, *(one for one in arguments if type(one) is str)]))

    def run(command, _environment, directory=other_settings.CHECKOUT):
        own = directory == other_settings.CHECKOUT
        done.append(" ".join(command[:4]) + (" with routes" if not own and command[3] == "lab" else ""))

    monkeypatch.setattr(other_settings, "FOLDER", tmp_path / "other-settings")
    monkeypatch.setattr(other_settings, "run", run)
    monkeypatch.setattr(stack_commands, "run", run)
    monkeypatch.setattr(bare_program, "run", run)
    monkeypatch.setattr(bare_program, "kubectl", record("kubectl"))
    monkeypatch.setattr(other_settings.dead_run, "clear", lambda _: done.append("clear") or ())
    monkeypatch.setattr(dimensions, "crowd", SimpleNamespace(up=record("crowd up"), down=record("crowd down")))
    monkeypatch.setattr(dimensions.simulated, "put", record("nodes"))
    for module in (many_routes, bare_program):
        monkeypatch.setattr(module, "apply", record("apply"))
    monkeypatch.setattr(many_routes, "wait_for", record("wait"))
    monkeypatch.setattr(many_routes, "delete", record("delete"))
    return done


def interrupted(monkeypatch, at: str, problem: type[BaseException]) -> None:
    """Let the first measurement that has this command end with the problem."""

    def measure(_dimension, _size, jobs, _runs, _say):
        if at in jobs:
            raise problem
        return []

    monkeypatch.setattr(dimensions, "measure", measure)


@pytest.mark.parametrize("problem", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("name", ["pods", "nodes"])
def test_the_crowd_goes_and_the_stack_is_at_its_settings_after_a_failure(steps, monkeypatch, name, problem):
    interrupted(monkeypatch, "verify", problem)
    with pytest.raises(problem):
        dimensions.DIMENSIONS[name]((0, 3), {}, 1, lambda _: None)
    assert steps[-3:] == ["crowd down", "clear", LAB_UP]


@pytest.mark.parametrize("problem", [KeyboardInterrupt, SystemExit])
def test_the_floor_and_the_routes_go_after_a_failure(steps, monkeypatch, problem):
    interrupted(monkeypatch, "floor: pulumi up", problem)
    with pytest.raises(problem):
        dimensions.routes((3,), {}, 1, lambda _: None)
    assert f"{LAB_UP} with routes" in steps
    assert steps[-6:] == [
        "pulumi cancel --stack resources",
        "pulumi stack rm resources",
        f"kubectl delete namespace {bare_program.NAMESPACE} --ignore-not-found --timeout=600s",
        "delete",
        "clear",
        LAB_UP,
    ]
    assert not other_settings.FOLDER.exists()


def test_what_cannot_be_cleaned_up_does_not_keep_the_rest_from_it(steps, monkeypatch):
    def fails(*_):
        raise subprocess.SubprocessError

    interrupted(monkeypatch, "floor: pulumi up", KeyboardInterrupt)
    monkeypatch.setattr(many_routes, "delete", fails)
    with pytest.raises(subprocess.SubprocessError):
        dimensions.routes((3,), {}, 1, lambda _: None)
    assert steps[-1] == LAB_UP


def test_the_objects_of_the_floor_are_not_there_while_the_operations_are_measured(steps, monkeypatch):
    monkeypatch.setattr(dimensions, "measure", lambda _a, _b, jobs, *_: steps.append(f"measure {[*jobs][-1]}") or [])
    dimensions.routes((0, 3), {}, 1, lambda _: None)
    steps = [step for step in steps if step.startswith(("measure", "apply", "kubectl delete"))]
    deleted = f"kubectl delete namespace {bare_program.NAMESPACE} --ignore-not-found --timeout=600s"
    assert steps[1:] == ["measure budget", "apply", "measure floor: pulumi up", deleted] * 2
