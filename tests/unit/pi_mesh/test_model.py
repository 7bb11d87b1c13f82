"""The common rules of all settings."""

import pytest

from pi_mesh.model import Amounts, Cpu, Memory
from pi_mesh.quantities import ZERO, Resources
from pi_mesh.settings import SettingsError
from tests.support.factories import make_settings


def test_a_key_in_snake_case_is_refused():
    with pytest.raises(SettingsError, match="pilot_replicas"):
        make_settings(istio={"pilot_replicas": 3})


@pytest.mark.parametrize(
    ("written", "canonical"), [("0.5", "500m"), ("1000m", "1"), ("100m", "100m"), ("1.25", "1250m")]
)
def test_cpu_is_handed_on_as_kubernetes_writes_it(written, canonical):
    assert Resources(Cpu(written).millicores, 0).to_kubernetes()["cpu"] == canonical


@pytest.mark.parametrize(("written", "canonical"), [("1024Mi", "1Gi"), ("128Mi", "128Mi"), ("2048Ki", "2Mi")])
def test_memory_is_handed_on_as_kubernetes_writes_it(written, canonical):
    assert Resources(0, Memory(written).bytes).to_kubernetes()["memory"] == canonical


def test_equal_amounts_are_equal_however_they_are_written():
    assert Memory("1Gi") == Memory("1024Mi")
    assert Cpu("0.1") == Cpu("100m") < Cpu("1")


def test_a_quantity_prints_as_it_was_written():
    assert (str(Cpu("0.50")), str(Memory("1024Mi"))) == ("0.50", "1024Mi")


@pytest.mark.parametrize("text", ["0", "0m", "-1", "0.5m", "1k", "1e3", "1.0005", ""])
def test_a_cpu_setting_of_another_notation_is_refused(text):
    with pytest.raises(ValueError, match=r'is not a CPU quantity such as "100m" or "0\.5"'):
        Cpu(text)


@pytest.mark.parametrize("text", ["0Mi", "-1Mi", "128", "128M", "1.5Gi", "1Ti", "512mb", ""])
def test_a_memory_setting_of_another_notation_is_refused(text):
    with pytest.raises(ValueError, match='is not a memory quantity such as "128Mi" or "2Gi"'):
        Memory(text)


@pytest.mark.parametrize(
    ("cpu", "memory", "shown"),
    [
        ("0.5", "1Gi", "0.5 / 1Gi"),
        ("1000m", "1024Mi", "1000m / 1024Mi"),
        ("1", "2048Ki", "1 / 2048Ki"),
        ("0.50", "3700Mi", "0.5 / 3700Mi"),
    ],
)
def test_amounts_of_the_settings_are_shown_in_their_units(cpu, memory, shown):
    assert str(Amounts(cpu=Cpu(cpu), memory=Memory(memory)).resources) == shown


def test_several_of_them_are_shown_in_their_units_too():
    pod = Amounts(cpu=Cpu("0.5"), memory=Memory("1Gi")).resources
    assert (str(pod * 3), str(pod + pod - ZERO)) == ("1.5 / 3Gi", "1 / 2Gi")


def test_a_quantity_of_thousands_of_digits_is_refused_in_one_line():
    huge = {"cpu": "9" * 5000, "memory": "1Gi"}
    with pytest.raises(SettingsError) as refused:
        make_settings(istio={"resources": {"requests": huge, "limits": huge}})
    assert max(map(len, refused.value.problems)) < 500
