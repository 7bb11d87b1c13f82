"""The list of all checks."""

import ast
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from pi_mesh.checks import preflight, registry, traffic, verify
from pi_mesh.checks.finding import Subject, ok
from pi_mesh.checks.registry import CHECKS, Check
from tests.support.factories import make_mesh
from tests.support.healthy_mesh import make_verification

ROOT = Path(__file__).parents[4]
IDS = {id for check in CHECKS for id in check.ids}
FOLDERS = (preflight, traffic, verify)
MODULES = [f"{folder.__name__}.{module.name}" for folder in FOLDERS for module in iter_modules(folder.__path__)]
FUNCTIONS = [
    (name, function.name)
    for name in (*MODULES, "operations.verify.certificate_issuer", "operations.verify.plain_text_call")
    for function in ast.parse((ROOT / f"{name.replace('.', '/')}.py").read_text()).body
    if isinstance(function, ast.FunctionDef)
    and function.name.startswith("check")
    and [argument.arg for argument in function.args.args] == ["observation"]
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.id}, {check.by}")
def test_each_entry_loads_and_takes_an_observation(check: Check):
    code = check.function.__code__  # pyright: ignore[reportFunctionMemberAccess]
    assert code.co_varnames[: code.co_argcount] == ("observation",)


@pytest.mark.parametrize(("module", "function"), FUNCTIONS)
def test_each_check_is_in_the_list(module: str, function: str):
    assert (module, function) in {(check.module, check.by.rpartition(".")[2]) for check in CHECKS}


@pytest.mark.parametrize("module", sorted({check.module for check in CHECKS}))
def test_each_id_of_a_check_has_its_section(module: str):
    names = ast.walk(ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text()))
    reports = ("ok", "warning", "error", "unknown", "refused_next", "level", "report")
    calls = [node for node in names if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    first = [
        call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id in reports and call.args
    ]
    loaded = import_module(module)
    ids = {getattr(loaded, name.id) for name in first if isinstance(name, ast.Name) and hasattr(loaded, name.id)}
    assert ids <= IDS


def test_each_section_is_on_the_page_under_the_anchor_of_its_address():
    page = (ROOT / registry.PAGE).read_text()
    anchors = {registry.anchor_of(line.removeprefix("## ")) for line in page.splitlines() if line.startswith("## ")}
    assert {registry.section_of(id).partition("#")[2] for id in IDS} == anchors
    assert registry.section_of("ca.issuer") == "docs/checks.md#caissuer"
    assert registry.section_of("no check") == ""


def test_a_preview_loads_no_check_of_verify():
    code = (
        "import sys; from pi_mesh.checks import observation, registry; "
        "[check.function for check in registry.CHECKS if 'preview' in check.commands]; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    of_verify = {check.module for check in CHECKS if check.commands == (registry.VERIFY,)}
    of_preview = {check.module for check in CHECKS if registry.PREVIEW in check.commands}
    assert of_verify.intersection(done.stdout.split()) <= of_preview


def test_without_a_cluster_only_checks_of_the_settings_and_the_state_run():
    seen = registry.Check("pi_mesh.checks.verify", "x", (registry.CLUSTER,))
    observation = make_verification(make_mesh())
    assert seen.runs_on(observation, calls=False)
    assert not seen.runs_on(replace(observation, snapshot=None), calls=True)


def test_an_option_adds_its_check_and_calls_are_left_out_where_they_may_not_be_made(monkeypatch, healthy):
    def named(check: Check):
        return lambda _: [ok(check.id, Subject("cluster"), "runs")]

    monkeypatch.setattr(Check, "function", property(named))
    bare = {finding.id for finding in registry.findings("verify", healthy)}
    assert {finding.id for finding in registry.findings("verify", healthy, options=["--probe"])} - bare == {
        "plain-text call"
    }
    silent = bare - {finding.id for finding in registry.findings("verify", healthy, calls=False)}
    assert silent == {
        "certificate issuer",
        "running proxies",
        "request through the gateway",
        "configuration analysis",
    }
