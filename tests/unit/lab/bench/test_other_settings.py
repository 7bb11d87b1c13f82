"""The stack lab with other settings for a while."""

from pathlib import Path

import pytest
import yaml

from lab.bench import other_settings


@pytest.fixture
def ran(monkeypatch):
    """Return the commands that were run, with the stack file that each of them was given."""
    ran = []

    def run(command, _):
        given = [Path(command[-1]).read_text()] if "--config-file" in command else []
        ran.append((command[1], *given))

    monkeypatch.setattr(other_settings, "lab_environment", dict)
    monkeypatch.setattr(other_settings, "run", run)
    monkeypatch.setattr(other_settings, "kubectl", lambda *words: ran.append((words[0], words[3])))
    monkeypatch.setattr(other_settings.dead_run, "clear", lambda _: ran.append(("repair",)) or iter(()))
    return ran


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_the_shipped_settings_are_back_after_any_end(ran, end):
    def measure() -> None:
        with other_settings.changeable(print) as install:
            install({"istio": {"pilotReplicas": 2}})
            raise end

    with pytest.raises(end):
        measure()
    assert "pilotReplicas: 2" in ran[0][1]
    assert ran[-2:] == [("repair",), ("up",)]


def test_istiod_starts_anew_before_the_gateway_which_asks_it_for_its_configuration(ran):
    with other_settings.changeable(print) as install:
        install({})
    assert ran[1:5] == [
        ("delete", "--selector=app=istiod"),
        ("rollout", "deployment/istiod"),
        ("delete", "--selector=istio=ingressgateway"),
        ("rollout", "deployment/istio-ingressgateway"),
    ]


def test_another_key_stands_beside_the_shipped_ones():
    text = other_settings.changed(
        "config: {'pi-mesh:istio': {version: 1.31.0}}", {"istio": {"a": 1}, "proxy": {"b": 2}}
    )
    assert yaml.safe_load(text)["config"] == {
        "pi-mesh:istio": {"version": "1.31.0", "a": 1},
        "pi-mesh:proxy": {"b": 2},
    }
