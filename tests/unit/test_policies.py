"""The pack as a whole: its metadata and its config files."""

import json
import os
import subprocess
import sys
import threading

import jsonschema

from policies.rules import RULES
from tests.support.shape import ROOT

HELPERS = {"__init__", "rule", "callers", "looks_secret", "pi_parts", "quantity", "resource", "tree"}
PACK = ROOT / "policies"
CONFIGS = {path.stem: json.loads(path.read_text()) for path in (PACK / "config").glob("*.json")}


def test_every_file_of_the_folder_is_in_the_pack():
    files = {path.stem for path in (PACK / "rules").glob("*.py")} - HELPERS
    assert {rule.breaches.__module__.rsplit(".", 1)[-1] for rule in RULES} == files


def test_every_rule_says_what_holds_at_which_level_and_why():
    for rule in RULES:
        assert rule.policy().description == f"{rule.says} ({rule.level.value}: {rule.why})."
        assert min(len(rule.says), len(rule.why), len(rule.fix)) > 20


def test_the_defaults_and_the_config_files_keep_the_schemas():
    for rule in RULES:
        for name, schema in rule.schema.items():
            jsonschema.validate(rule.bounds(None)[name], schema)
    schemas = {rule.name: rule.schema for rule in RULES}
    bounds = [(name, value) for config in CONFIGS.values() for name, value in config.items()]
    assert bounds
    for name, value in bounds:
        jsonschema.validate(value, {"properties": schemas[name], "additionalProperties": False})


def test_only_a_rule_with_bounds_has_a_schema_for_them():
    for rule in RULES:
        schema = rule.policy().config_schema
        assert (dict(schema.properties) if schema else {}) == dict(rule.schema)


def test_the_lab_differs_from_the_pis_only_in_what_it_must():
    pis, lab = CONFIGS["pi-cluster"], CONFIGS["lab"]
    assert {name for name in lab if lab[name] != pis.get(name)} == {"arm64-placement", "chart-source"}
    assert pis.keys() <= lab.keys()


def test_the_pack_tells_its_port_at_once_whatever_the_environment_says_of_buffers():
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, str(ROOT / "policies"), "127.0.0.1:1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as pack:
        patience = threading.Timer(30, pack.kill)
        patience.start()
        assert pack.stdout is not None
        port = pack.stdout.readline()
        patience.cancel()
        pack.kill()
    assert port.strip().isdecimal()
