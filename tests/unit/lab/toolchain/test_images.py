"""Images and charts that the lab makes itself."""

import hashlib
import io
import json
import platform
import tarfile

import pytest

from lab.toolchain import archive, images, libraries
from lab.toolchain.archive import Image
from lab.toolchain.charts import VERSIONS
from lab.toolchain.packaging import package


@pytest.fixture
def program(tmp_path):
    file = tmp_path / "program"
    file.write_bytes(b"\x7fELF")
    return file


@pytest.fixture
def written(tmp_path, program):
    """The archive of one small image, opened."""
    image = Image(
        ("docker.io/a/b:1", "docker.io/a/b:2"),
        ("/bin/program",),
        {"/bin/program": program},
        {"/sbin": "bin"},
        {"/etc/passwd": "root"},
        ("/tmp",),
        "1337:1337",
    )
    archive.write(image, tmp_path / "image.tar")
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


def test_one_archive_bears_all_references(written):
    assert manifest(written)["RepoTags"] == ["docker.io/a/b:1", "docker.io/a/b:2"]


def test_the_config_names_the_layer_by_its_digest(written):
    config = json.loads(content(written, manifest(written)["Config"]))
    digest = hashlib.sha256(content(written, manifest(written)["Layers"][0])).hexdigest()
    assert config["rootfs"]["diff_ids"] == [f"sha256:{digest}"]


def test_the_config_carries_user_entrypoint_and_this_machines_architecture(written):
    config = json.loads(content(written, manifest(written)["Config"]))
    assert config["config"]["User"] == "1337:1337"
    assert config["config"]["Entrypoint"] == ["/bin/program"]
    assert config["architecture"] == archive.ARCHITECTURES[platform.machine()]


def test_programs_are_executable_links_are_links_and_tmp_is_writable_for_all(written):
    members = {member.name: member for member in layer(written)}
    assert members["bin/program"].mode == 0o755
    assert (members["sbin"].issym(), members["sbin"].linkname) == (True, "bin")
    assert (members["tmp"].isdir(), members["tmp"].mode) == (True, 0o1777)


def test_the_same_image_is_the_same_bytes(tmp_path, program):
    image = Image(("a/b:1",), ("/program",), {"/program": program})
    for name in ("one.tar", "two.tar"):
        archive.write(image, tmp_path / name)
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_iptables_comes_with_its_libraries_loader_and_extensions():
    files, links = libraries.iptables()
    assert any("/ld-linux" in place for place in files)
    assert any(place.endswith("/xtables/libxt_REDIRECT.so") for place in files)
    assert links["/usr/sbin/iptables"] in libraries.TABLES


def test_pilot_and_proxy_bear_the_tag_of_every_version_of_the_charts():
    assert images._references("pilot") == tuple(f"docker.io/istio/pilot:{version}" for version in VERSIONS)


@pytest.fixture
def chart(tmp_path):
    """A chart as Istio's source tree has it."""
    source = tmp_path / "chart"
    (source / "templates").mkdir(parents=True)
    (source / "Chart.yaml").write_text("name: istiod\nversion: 1.0.0\nappVersion: 1.0.0\n")
    (source / "values.yaml").write_text("_x:\n  global:\n    hub: registry.istio.io/testing\n    tag: latest\n")
    (source / "templates" / "a.yaml").write_text("  tag: latest\n")
    return source


def unpacked(packed: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        return {member.name: content(tar, member.name).decode() for member in tar}


def test_a_packaged_chart_has_the_releases_version_hub_and_tag(chart):
    files = unpacked(package(chart, "istiod", "1.31.0"))
    assert files["istiod/Chart.yaml"] == "name: istiod\nversion: 1.31.0\nappVersion: 1.31.0\n"
    assert files["istiod/values.yaml"] == "_x:\n  global:\n    hub: docker.io/istio\n    tag: 1.31.0\n"


def test_packaging_leaves_templates_alone(chart):
    assert unpacked(package(chart, "istiod", "1.31.0"))["istiod/templates/a.yaml"] == "  tag: latest\n"


@pytest.mark.parametrize("hub", ["gcr.io/istio-testing", "registry.istio.io/testing"])
def test_the_hub_of_nightly_builds_is_replaced_whichever_it_was(chart, hub):
    (chart / "values.yaml").write_text(f"global:\n  hub: {hub}\n")
    assert unpacked(package(chart, "istiod", "1.31.0"))["istiod/values.yaml"] == "global:\n  hub: docker.io/istio\n"


def test_packaging_twice_gives_the_same_bytes(chart):
    first = package(chart, "istiod", "1.31.0")
    (chart / "values.yaml").touch()
    assert package(chart, "istiod", "1.31.0") == first
