"""The engine's preview of a side: which program, state, policies and environment it gets."""

import os
import subprocess

import pytest
from pulumi import automation

from operations.not_runnable import NotRunnableError
from operations.preview import engine, engine_result


class Stack:
    """A stack that records its use."""

    def __init__(self, fails: str = "") -> None:
        self.fails = fails
        self.config: dict[str, tuple[str, bool]] = {}
        self.imported: list[automation.Deployment] = []
        self.previews: list[dict] = []

    def set_config(self, key: str, value: automation.ConfigValue, path: bool) -> None:
        self.config[key] = (value.value, path)

    def import_stack(self, deployment: automation.Deployment) -> None:
        self.imported.append(deployment)

    def preview(self, **options: object) -> None:
        self.previews.append(options)
        if self.fails:
            raise automation.CommandError(self.fails)


@pytest.fixture
def side(tmp_path) -> engine.Checkout:
    """Return a side with a program."""
    folder = tmp_path / "head"
    folder.mkdir()
    (folder / "Pulumi.yaml").touch()
    return engine.Checkout(folder, "pi-cluster", {"pi-mesh:istio.version": "1.31.0"})


@pytest.fixture
def previewed(monkeypatch, side):
    """Return `previewed(...)`: the intent, the stack, and what the Automation API was asked for."""

    def run(judge=None, deployed=None, fails=""):
        stack, asked = Stack(fails), []
        monkeypatch.setattr(engine, "command", lambda: None)
        monkeypatch.setattr(
            engine.automation,
            "create_or_select_stack",
            lambda name, work_dir, opts: asked.append((name, work_dir, opts)) or stack,
        )
        return engine.preview(side, judge, deployed), stack, asked

    return run


def test_a_side_without_a_program_registers_nothing(tmp_path):
    assert engine.preview(engine.Checkout(tmp_path, "pi-cluster", {})) is engine_result.NOTHING


def test_the_program_gets_no_cluster_no_vault_and_a_state_beside_its_folder(previewed, side):
    _, stack, ((name, folder, options),) = previewed()
    assert (name, folder, options.work_dir) == ("pi-cluster", str(side.folder), str(side.folder))
    assert options.env_vars["KUBECONFIG"] == os.devnull
    assert options.env_vars["VAULT_TOKEN"] == ""
    assert options.env_vars["PULUMI_BACKEND_URL"] == f"file://{side.folder.parent}/head-state"
    assert (side.folder.parent / "head-state").is_dir()
    assert stack.config == {"pi-mesh:istio.version": ("1.31.0", True)}


def test_a_second_preview_takes_the_same_state(previewed):
    previewed()
    assert previewed()[1].previews


def test_the_state_to_compare_with_is_imported_and_an_empty_one_is_not(previewed):
    assert previewed()[1].imported == []
    (deployment,) = previewed(deployed={"resources": []})[1].imported
    assert (deployment.version, deployment.deployment) == (3, {"resources": []})


def judging(folder, *files: str) -> engine.Checkout:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return engine.Checkout(folder, "pi-cluster", {})


@pytest.mark.parametrize(
    ("files", "packs", "bounds"),
    [
        ((), [], []),
        (("policies/config/pi-cluster.json",), [], []),
        (("policies/PulumiPolicy.yaml",), ["policies"], []),
        (
            ("policies/PulumiPolicy.yaml", "policies/config/pi-cluster.json"),
            ["policies"],
            ["policies/config/pi-cluster.json"],
        ),
    ],
)
def test_the_rules_and_their_bounds_are_the_judging_sides(previewed, tmp_path, files, packs, bounds):
    folder = tmp_path / "base"
    (asked,) = previewed(judge=judging(folder, *files))[1].previews
    assert asked["policy_packs"] == [str(folder / name) for name in packs]
    assert asked["policy_pack_configs"] == [str(folder / name) for name in bounds]
    assert asked["color"] == "never"


def test_without_a_judge_no_rules_apply(previewed):
    (asked,) = previewed()[1].previews
    assert (asked["policy_packs"], asked["policy_pack_configs"]) == ([], [])


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("error: one\n  error: two\nerror: one\n", "one; two"),
        ("a traceback without its name", "a traceback without its name"),
    ],
)
def test_a_failed_preview_has_the_errors_that_pulumi_named(previewed, output, reason):
    (error,) = previewed(fails=output)[0].errors
    assert reason in error


@pytest.fixture
def pulumi(monkeypatch):
    """Return `pulumi(problem)`: the command on PATH, which raises that."""
    engine.command.cache_clear()

    def raising(problem: Exception):
        def made():
            raise problem

        monkeypatch.setattr(engine.automation, "PulumiCommand", made)

    yield raising
    engine.command.cache_clear()


def test_a_missing_pulumi_is_named(pulumi):
    pulumi(FileNotFoundError(2, "No such file"))
    with pytest.raises(NotRunnableError, match="pulumi"):
        engine.command()


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (automation.InvalidVersionError("too old"), "too old; install a newer one"),
        (subprocess.CalledProcessError(3, "pulumi"), "ends with status 3, see above"),
    ],
)
def test_a_pulumi_that_can_not_be_used_is_one_line(pulumi, problem, said):
    pulumi(problem)
    with pytest.raises(engine.PulumiRefusedError, match=said):
        engine.command()
