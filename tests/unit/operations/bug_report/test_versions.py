"""The versions on this machine; the programs of these tests are scripts."""

from pathlib import Path

import pytest

from operations.bug_report import versions


@pytest.fixture
def programs(tmp_path, monkeypatch) -> Path:
    """Return the only folder on PATH, with a `pulumi`, a `helm` that fails and a `kubectl` of another machine."""
    scripts = {
        "pulumi": '#!/bin/sh\n[ "$1" = version ] && echo v3.259.0 && exit\n'
        'echo \'[{"name": "kubernetes", "kind": "resource", "version": "4.25.0", "size": 1}]\'\n',
        "helm": "#!/bin/sh\nexit 3\n",
        "kubectl": "\x7fELF of another machine",
    }
    for name, script in scripts.items():
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("programs")
def test_programs_say_their_versions_or_why_they_say_nothing():
    found = versions.here()
    assert found["programs"] == {
        "pulumi": "v3.259.0",
        "helm": "ended with status 3",
        "kubectl": "the command kubectl can't be run: Exec format error",
        "istioctl": "the command istioctl is not on PATH",
    }
    assert found["plugins"] == [{"name": "kubernetes", "kind": "resource", "version": "4.25.0"}]


@pytest.mark.usefixtures("programs")
def test_the_packages_are_those_that_python_has():
    assert versions.here()["packages"]["pulumi-kubernetes"] == "4.25.0"


def test_without_pulumi_the_plugins_are_not_known(programs):
    (programs / "pulumi").unlink()
    assert versions.here()["plugins"] == "the command pulumi is not on PATH"


def test_a_package_that_is_not_installed_has_no_version(monkeypatch):
    monkeypatch.setattr(versions, "PACKAGES", ("no-such-package",))
    assert versions.here()["packages"] == {"no-such-package": None}


def test_a_program_that_hangs_is_left_alone(programs, monkeypatch):
    monkeypatch.setattr(versions, "SECONDS", 0.2)
    (programs / "helm").write_text("#!/bin/sh\nexec /bin/sleep 20\n")
    assert versions.here()["programs"]["helm"] == "no answer within 0.2 seconds"
