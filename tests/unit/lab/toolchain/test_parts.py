"""The table of the lab's parts and of Istio's releases."""

import pytest

from lab.toolchain import cache, compile, disk, parts, path, releases

FORTIO = parts.BY_NAME["fortio"]


def test_every_part_has_a_module_with_pinned_checksums():
    folders = [cache.module_folder(part) for part in parts.PARTS]
    assert all((folder / "go.mod").is_file() and (folder / "go.sum").is_file() for folder in folders)


def test_every_version_of_the_table_is_the_one_its_module_pins():
    for name in (
        "etcd",
        "containerd",
        "coredns",
        "helm",
        "pulumi",
        "fortio",
        "kwok",
        "vault",
        "cert-manager",
        "kubernetes",
    ):
        part = parts.BY_NAME[name]
        assert f" v{part.version}" in (cache.module_folder(part) / "go.mod").read_text(), name


def test_an_unknown_part_is_answered_with_the_ones_there_are():
    with pytest.raises(parts.UnknownPartError, match=r"no part named nomad; there are kubernetes, etcd"):
        parts.select(["nomad"])


@pytest.mark.parametrize(("says", "fits"), [("v3.259.0", True), ("v3.259.1", False), ("no version", False)])
def test_pulumi_must_be_the_very_version(says, fits):
    assert path.fits("pulumi", parts.BY_NAME["pulumi"], says) is fits


def test_a_small_build_asks_for_less_disk_than_all_of_it():
    assert 0 == disk.needed([]) < disk.needed([FORTIO]) < disk.needed(parts.PARTS)


@pytest.mark.parametrize(
    ("package", "name"),
    [("go.etcd.io/etcd/server/v3", "server"), ("fortio.org/fortio", "fortio"), (".", "fortio")],
)
def test_the_name_that_go_gives_a_program_is_known(package, name):
    assert compile.default_name(package, FORTIO) == name


def test_a_module_with_another_checksum_is_refused():
    release = releases.RELEASES[0]
    answer = {"Sum": "h1:changed=", "Dir": "/anywhere"}
    with pytest.raises(releases.ReleaseUnavailableError, match=f"not the pinned {release.checksum[:6]}"):
        releases._checked(release, answer)


def test_a_folder_of_a_module_is_taken_whole_and_can_be_removed_again(tmp_path):
    deep = tmp_path / "module" / "charts" / "base"
    deep.mkdir(parents=True)
    (deep / "Chart.yaml").write_text("name: base")
    (deep / "Chart.yaml").chmod(0o444)
    compile.copy_writable(tmp_path / "module" / "charts", tmp_path / "part" / "charts")
    copy = tmp_path / "part" / "charts" / "base" / "Chart.yaml"
    assert copy.read_text() == "name: base"
    assert copy.stat().st_mode & 0o200
