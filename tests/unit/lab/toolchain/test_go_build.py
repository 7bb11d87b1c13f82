"""Builds of single parts from their Go modules."""

import pytest

from lab.toolchain import catalog, go_build

FORTIO = catalog.BY_NAME["fortio"]


@pytest.mark.parametrize(
    ("package", "name"),
    [("go.etcd.io/etcd/server/v3", "server"), ("fortio.org/fortio", "fortio"), (".", "fortio")],
)
def test_the_name_that_go_gives_a_program_is_known(package, name):
    assert go_build.default_name(package, FORTIO) == name


def test_a_folder_of_a_module_is_taken_whole_and_can_be_removed_again(tmp_path):
    deep = tmp_path / "module" / "charts" / "base"
    deep.mkdir(parents=True)
    (deep / "Chart.yaml").write_text("name: base")
    (deep / "Chart.yaml").chmod(0o444)
    go_build.copy_writable(tmp_path / "module" / "charts", tmp_path / "part" / "charts")
    copy = tmp_path / "part" / "charts" / "base" / "Chart.yaml"
    assert copy.read_text() == "name: base"
    assert copy.stat().st_mode & 0o200
