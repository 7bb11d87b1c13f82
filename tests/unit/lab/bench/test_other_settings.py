"""The stack lab with other settings for a while."""

import pytest
import yaml

from lab.bench import other_settings

CHANGES = {"istio": {"pilotReplicas": 2}}


@pytest.fixture
def ran(monkeypatch, tmp_path):
    """Return the steps that were run, each `up` with the stack file of its folder."""
    ran = []

    def run(command, _, directory):
        ran.append((command[1], (directory / other_settings.SHIPPED.name).read_text()))

    monkeypatch.setattr(other_settings, "FOLDER", tmp_path / "other-settings")
    monkeypatch.setattr(other_settings, "run", run)
    monkeypatch.setattr(other_settings.dead_run, "clear", lambda _: ran.append(("repair",)) or iter(()))
    return ran


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_the_shipped_settings_are_there_before_and_after_any_end(ran, end):
    def measure() -> None:
        with other_settings.changeable({}, print) as install:
            install(CHANGES)
            raise end

    with pytest.raises(end):
        measure()
    shipped = [("repair",), ("up", other_settings.SHIPPED.read_text())]
    assert ran[:2] == ran[3:] == shipped
    assert "pilotReplicas: 2" in ran[2][1]


@pytest.mark.usefixtures("ran")
def test_the_folder_has_the_checkout_but_for_its_stack_file_and_goes_in_the_end():
    with other_settings.changeable({}, print) as install:
        folder = install(CHANGES)
        assert (folder / "Pulumi.yaml").read_text() == (other_settings.CHECKOUT / "Pulumi.yaml").read_text()
        assert not (folder / other_settings.SHIPPED.name).is_symlink()
    assert not folder.exists()
    assert (other_settings.CHECKOUT / "pi_mesh").is_dir()


def test_another_key_stands_beside_the_shipped_ones():
    text = other_settings.changed(
        "config: {'pi-mesh:istio': {version: 1.31.0}}", {"istio": {"a": 1}, "proxy": {"b": 2}}
    )
    assert yaml.safe_load(text)["config"] == {
        "pi-mesh:istio": {"version": "1.31.0", "a": 1},
        "pi-mesh:proxy": {"b": 2},
    }
