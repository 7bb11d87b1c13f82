"""`dashboard`: the address of a console, until Ctrl-C; the kubectl of these tests is a script."""

import json
import os
import signal
import threading
import time
from functools import partial
from pathlib import Path

import pytest
from typer.testing import Result

from operations import dashboard as module
from operations import stacks
from pi_mesh import addons
from pi_mesh.cluster import client
from pi_mesh.cluster.stack_state import StackState
from tests.support.command_line import run_command
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient
from tests.support.files import write_programs

FORWARDING = 'echo "Forwarding from 127.0.0.1:40001 -> 1"; '
run = partial(run_command, "dashboard", "-s", "test")
UNTIL_ENDED = f"{FORWARDING}touch ready; exec /bin/sleep 60"


@pytest.fixture
def kubectl(tmp_path, monkeypatch):
    """Return `kubectl(script)`: the stack has all consoles, and the only program on PATH is this one."""
    settings = make_settings(observability={name: {"enabled": True} for name in addons.ALL})
    uid = FakeClient({"/api/v1/namespaces/kube-system": {"metadata": {"uid": "its-uid"}}})
    monkeypatch.setattr(stacks, "load_with_state", lambda _: (settings, lambda: StackState("its-uid")))
    monkeypatch.setattr(client, "Client", uid)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def write(script: str) -> Path:
        write_programs(tmp_path, {"kubectl": f'#!/bin/sh\nPATH=/bin:/usr/bin\necho "$@" > asked\n{script}\n'})
        return tmp_path

    return write


def run_until(kind: signal.Signals, folder: Path, *arguments: str) -> Result:
    """Run the command, and send this process a signal once the port is open."""

    def send() -> None:
        for _ in range(3000):
            if (folder / "ready").exists():
                break
            time.sleep(0.01)
        time.sleep(0.1)  # the address is printed
        os.kill(os.getpid(), kind)

    sender = threading.Thread(target=send)
    sender.start()
    done = run(*arguments)
    sender.join()
    return done


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_the_port_is_open_until_the_command_is_ended(kubectl, kind):
    done = run_until(kind, kubectl(UNTIL_ENDED), "kiali")
    address, login, *_, verdict = done.stdout.splitlines()
    assert (done.exit_code, address) == (0, "kiali: http://127.0.0.1:40001/ (Ctrl-C ends it)")
    assert login == "it asks for a token: `kubectl -n istio-system create token kiali`"
    assert verdict.startswith("stack test: the port was closed")


def test_a_signal_just_before_the_address_is_printed_ends_what_a_shell_runs_in_the_background(kubectl):
    kubectl(f"{FORWARDING}kill -INT $PPID; exec /bin/sleep 3")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert run("kiali").exit_code == 0
    finally:
        signal.signal(signal.SIGINT, before)


def test_json_has_the_address_before_the_end(kubectl):
    done = run_until(signal.SIGINT, kubectl(UNTIL_ENDED), "prometheus", "--json")
    report = json.loads(done.stdout)
    assert (report["address"], report["status"], done.exit_code) == ("http://127.0.0.1:40001/", 0, 0)


@pytest.mark.parametrize(("arguments", "asked"), [
    (["kiali"], "-n istio-system port-forward service/kiali :20000"),
    (["grafana", "--port", "3001"], "-n istio-system port-forward service/grafana 3001:3000"),
    (["istiod"], "-n istio-system port-forward deployment/istiod :15014"),
    (["envoy", "--pod", "trading/shop-1"], "-n trading port-forward pod/shop-1 :15000"),
])  # fmt: skip
def test_kubectl_is_asked_for_this_machines_own_address_alone(kubectl, arguments, asked):
    folder = kubectl(FORWARDING)
    run(*arguments)
    assert (folder / "asked").read_text() == f"--context test {asked} --address=127.0.0.1\n"


@pytest.mark.parametrize(("script", "says"), [
    (f"{FORWARDING}echo Handling; echo 'error: lost' >&2", "the connection ended: error: lost"),
    (FORWARDING, "the connection ended: kubectl gave no reason"),
    ("echo 'error: pod is not running' >&2; exit 1", "pod is not running"),
])  # fmt: skip
def test_a_connection_that_does_not_open_or_ends_by_itself_is_status_1_with_kubectls_reason(kubectl, script, says):
    kubectl(script)
    done = run("grafana")
    assert (done.exit_code, says in " ".join(done.stdout.split())) == (1, True)


@pytest.mark.parametrize(("arguments", "stack", "status", "says"), [
    ("envoy", None, 2, "--pod goes with `dashboard envoy`"),
    ("kiali --pod a/b", None, 2, "--pod goes with `dashboard envoy`"),
    ("envoy --pod shop-1", None, 2, "--pod shop-1 has no namespace"),
    ("kiali", StackState(), 2, "observability.kiali.enabled is false"),
    ("istiod", StackState("another-uid"), 3, "another"),
])  # fmt: skip
def test_a_console_that_the_stack_does_not_have_is_refused(kubectl, monkeypatch, arguments, stack, status, says):
    folder = kubectl(UNTIL_ENDED)
    if stack:
        monkeypatch.setattr(stacks, "load_with_state", lambda _: (make_settings(), lambda: stack))
    done = run(*arguments.split())
    assert (done.exit_code, says in done.stderr, (folder / "asked").exists()) == (status, True, False)


def test_every_addon_has_a_name():
    assert {*addons.ALL} < {*module.Name}
