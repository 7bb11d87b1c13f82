"""Container images as docker-archive tars."""

import hashlib
import io
import json
import platform
import tarfile

import pytest

from lab.toolchain import image_archive
from lab.toolchain.image_archive import Image


@pytest.fixture
def program(tmp_path):
    file = tmp_path / "program"
    file.write_bytes(b"\x7fELF")
    return file


@pytest.fixture
def written(tmp_path, program):
    """Yield the archive of one small image, opened."""
    image = Image(
        "docker.io/a/b:1",
        ("/bin/program",),
        {"/bin/program": program},
        {"/sbin": "bin"},
        {"/etc/passwd": "root"},
        ("/tmp",),
        "1337:1337",
        environment={"A": "1"},
        workdir="/here",
    )
    image_archive.write(image, tmp_path / "image.tar")
    with tarfile.open(tmp_path / "image.tar") as tar:
        yield tar


def content(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    assert file
    return file.read()


def manifest(tar: tarfile.TarFile) -> dict:
    return json.loads(content(tar, "manifest.json"))[0]


def layer(tar: tarfile.TarFile) -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(content(tar, manifest(tar)["Layers"][0])))


def test_an_archive_bears_its_one_reference_and_how_the_program_is_started(written):
    assert manifest(written)["RepoTags"] == ["docker.io/a/b:1"]
    config = json.loads(content(written, manifest(written)["Config"]))
    digest = hashlib.sha256(content(written, manifest(written)["Layers"][0])).hexdigest()
    assert config["rootfs"]["diff_ids"] == [f"sha256:{digest}"]
    assert config["architecture"] == image_archive.ARCHITECTURES[platform.machine()]
    start = {
        "User": "1337:1337",
        "Entrypoint": ["/bin/program"],
        "Env": [image_archive.PATH, "A=1"],
        "WorkingDir": "/here",
    }
    assert start.items() <= config["config"].items()


def test_programs_are_executable_links_are_links_and_tmp_is_writable_for_all(written):
    members = {member.name: member for member in layer(written)}
    assert members["bin/program"].mode == 0o755
    assert (members["sbin"].issym(), members["sbin"].linkname) == (True, "bin")
    assert (members["tmp"].isdir(), members["tmp"].mode) == (True, 0o1777)


def test_the_same_image_is_the_same_bytes(tmp_path, program):
    image = Image("a/b:1", ("/program",), {"/program": program})
    for name in ("one.tar", "two.tar"):
        image_archive.write(image, tmp_path / name)
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
