"""The image of `verify --read-only`: the Dockerfile's lines, on this machine's Python."""

import re
import sys
from pathlib import Path

import pytest

from lab.toolchain import verify_image


@pytest.fixture(scope="module")
def image():
    return verify_image.image("registry.example.com/pi-mesh-verify:0.2.0")


def test_it_starts_as_the_dockerfile_says(image):
    text = verify_image.DOCKERFILE.read_text()
    assert f"USER {image.user}\n" in text
    assert f"WORKDIR {image.workdir}\n" in text
    assert image.entrypoint[:3] == ("python", "-m", "operations")
    assert all(f"{name}=" in text or name == "PYTHONPATH" for name in image.environment)


def test_it_holds_the_program_its_packages_and_python(image):
    assert {
        "/pi-mesh/operations/verify.py",
        "/pi-mesh/pi_mesh/settings/tree.py",
        "/pi-mesh/pyproject.toml",
        "/packages/lightkube/__init__.py",
        str(Path(sys.executable).resolve()),
    } <= image.files.keys()
    assert any(re.fullmatch(r".*/libc\.so\.6", place) for place in image.files)


def test_it_holds_no_pulumi_and_nothing_else_of_the_checkout(image):
    assert not [place for place in image.files if place.startswith("/packages/pulumi")]
    folders = {place.split("/")[2] for place in image.files if place.startswith("/pi-mesh/")}
    assert folders == {"operations", "pi_mesh", "pyproject.toml", "requirements-verify.txt"}


def test_every_file_of_it_exists(image):
    assert [str(file) for file in image.files.values() if not file.is_file()] == []


@pytest.mark.parametrize("line", ["VOLUME /data", "RUN apt-get install x"])
def test_a_line_that_the_lab_does_not_know_is_named(monkeypatch, tmp_path, line):
    changed = tmp_path / "Dockerfile"
    changed.write_text(f"{verify_image.DOCKERFILE.read_text()}{line}\n")
    monkeypatch.setattr(verify_image, "DOCKERFILE", changed)
    with pytest.raises(ValueError, match=r"Dockerfile: .* is not known here"):
        verify_image.image("a/b:1")
