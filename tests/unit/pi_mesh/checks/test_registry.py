"""The list of all checks."""

import ast
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from unittest import mock

import pytest

import pi_mesh
from pi_mesh.checks import preflight, registry, traffic, verify
from pi_mesh.checks.finding import Subject, ok
from pi_mesh.checks.registry import CHECKS, Check
from tests.support.healthy_mesh import HEALTHY

ROOT = Path(__file__).parents[4]
IDS = {id for check in CHECKS for id in check.ids}
REPORTS = ("ok", "warning", "error", "unknown", "refused_next", "level", "report")


def tree_of(module: str) -> ast.Module:
    return ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text())


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.id}, {check.by}")
def test_each_entry_loads_and_takes_an_observation(check: Check):
    code = check.function.__code__  # pyright: ignore[reportFunctionMemberAccess]
    assert code.co_varnames[: code.co_argcount] == ("observation",)


def test_each_check_is_in_the_list():
    folders = (preflight, traffic, verify)
    modules = [f"{folder.__name__}.{module.name}" for folder in folders for module in iter_modules(folder.__path__)]
    functions = {
        (module, node.name)
        for module in (*modules, "operations.verify.certificate_issuer", "operations.verify.plain_text_call")
        for node in tree_of(module).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("check")
        if [argument.arg for argument in node.args.args] == ["observation"]
    }
    assert len(functions) > 50
    assert functions - {(check.module, check.by.rpartition(".")[2]) for check in CHECKS} == set()


@pytest.mark.parametrize("module", sorted({check.module for check in CHECKS}))
def test_each_id_of_a_check_has_its_section(module: str):
    calls = [node for node in ast.walk(tree_of(module)) if isinstance(node, ast.Call) and node.args]
    names = [call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id in REPORTS]
    loaded = import_module(module)
    assert {getattr(loaded, name.id, None) for name in names if isinstance(name, ast.Name)} - {None} <= IDS


def test_each_section_is_on_the_page_under_the_anchor_of_its_address():
    lines = (ROOT / registry.PAGE).read_text().splitlines()
    anchors = {registry.anchor_of(line.removeprefix("## ")) for line in lines if line.startswith("## ")}
    assert {registry.section_of(id).partition("#")[2] for id in IDS} == anchors
    assert registry.section_of("ca.issuer") == "docs/checks.md#caissuer"
    assert registry.section_of("no check") == ""


def test_a_preview_loads_no_check_of_verify(monkeypatch):
    of_verify = {check.module for check in CHECKS if check.commands == (registry.VERIFY,)}
    of_preview = [check for check in CHECKS if registry.PREVIEW in check.commands]
    monkeypatch.setattr(pi_mesh, "checks", pi_mesh.checks)
    with mock.patch.dict(sys.modules):
        for name in [name for name in sys.modules if name.startswith(("pi_mesh.checks", "operations"))]:
            del sys.modules[name]
        assert all(check.function for check in of_preview)
        loaded = {*sys.modules}
    assert of_verify & loaded <= {check.module for check in of_preview}


def test_without_a_cluster_only_checks_of_the_settings_and_the_state_run():
    check = registry.Check("pi_mesh.checks.verify", "x", (registry.CLUSTER,))
    assert check.runs_on(HEALTHY, calls=False)
    assert not check.runs_on(replace(HEALTHY, snapshot=None), calls=True)


def test_an_option_adds_its_check_and_calls_are_left_out_where_they_may_not_be_made(monkeypatch):
    monkeypatch.setattr(Check, "function", property(lambda check: lambda _: [ok(check.id, Subject("cluster"), "runs")]))
    bare, probed, silent = (
        {finding.id for finding in registry.findings("verify", HEALTHY, **how)}
        for how in ({}, {"options": ["--probe"]}, {"calls": False})
    )
    assert probed - bare == {"plain-text call"}
    calls = {"clock", "certificate issuer", "running proxies", "request through the gateway", "configuration analysis"}
    assert bare - silent == calls
