"""The common rules of all settings."""

import pytest

from pi_mesh.model import Amounts, Cpu, Memory
from pi_mesh.quantities import ZERO, Resources
from tests.support.findings import table
from tests.support.refusals import refusals


@table(
    ("0.5", "1Gi", ("500m", "1Gi"), "0.5 / 1Gi"),
    ("1000m", "1024Mi", ("1", "1Gi"), "1000m / 1024Mi"),
    ("1.25", "128Mi", ("1250m", "128Mi"), "1.25 / 128Mi"),
    ("1", "2048Ki", ("1", "2Mi"), "1 / 2048Ki"),
    ("0.50", "3700Mi", ("500m", "3700Mi"), "0.5 / 3700Mi"),
)
def test_amounts_are_handed_on_as_kubernetes_writes_them_and_shown_in_their_units(cpu, memory, canonical, shown):
    written = Resources(Cpu(cpu).millicores, Memory(memory).bytes).to_kubernetes()
    assert (written["cpu"], written["memory"]) == canonical
    assert str(Amounts(cpu=Cpu(cpu), memory=Memory(memory)).resources) == shown
    assert (str(Cpu(cpu)), str(Memory(memory))) == (cpu, memory)


def test_equal_amounts_are_equal_however_they_are_written_and_several_are_shown_in_their_units_too():
    assert Memory("1Gi") == Memory("1024Mi")
    assert Cpu("0.1") == Cpu("100m") < Cpu("1")
    pod = Amounts(cpu=Cpu("0.5"), memory=Memory("1Gi")).resources
    assert (str(pod * 3), str(pod + pod - ZERO)) == ("1.5 / 3Gi", "1 / 2Gi")


NO_CPU = ["0", "0m", "-1", "0.5m", "1k", "1e3", "1.0005", ""]
NO_MEMORY = ["0Mi", "-1Mi", "128", "128M", "1.5Gi", "1Ti", "512mb", ""]


@table(
    *((Cpu, text, r'is not a CPU quantity such as "100m" or "0\.5"') for text in NO_CPU),
    *((Memory, text, 'is not a memory quantity such as "128Mi" or "2Gi"') for text in NO_MEMORY),
)
def test_a_setting_of_another_notation_is_refused(kind, text, line):
    with pytest.raises(ValueError, match=line):
        kind(text)


def test_a_quantity_of_thousands_of_digits_is_refused_in_short_lines():
    huge = {"cpu": "9" * 5000, "memory": "1Gi"}
    problems = refusals(istio={"resources": {"requests": huge, "limits": huge}})
    assert 0 < max(map(len, problems)) < 500
