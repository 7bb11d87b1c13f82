"""The processes of a command."""

import subprocess

import psutil
import pytest

from lab.bench.timeline import processes


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["/venv/bin/python", "-m", "pip", "list", "--format", "json"], "pip list"),
        (["/venv/bin/python", "--version"], "python --version"),
        (["/venv/bin/python", "/opt/pulumi-language-python-exec", "--monitor", "1"], "the program"),
        (["/venv/bin/python", "-m", "components.guard.service"], "the guard's plugin"),
        (["/home/plugins/pulumi-resource-kubernetes", "127.0.0.1:1"], "resource-kubernetes"),
        ([], ""),
    ],
)
def test_a_process_is_called_by_what_it_does(arguments, name):
    assert processes.name(arguments) == name


def test_a_process_and_those_that_it_starts_are_seen_until_it_ends():
    started = subprocess.Popen(["sh", "-c", "sleep 1; true"])
    spans = {span.name: span for span in processes.watch(psutil.Process(started.pid))}
    started.wait()
    assert {"sh", "sleep"} <= spans.keys()
    assert spans["sleep"].start >= spans["sh"].start
