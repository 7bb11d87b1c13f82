"""Builds of single parts from their Go modules."""

import dataclasses

import pytest

from lab.toolchain import catalog, go_build


def test_lines_that_a_part_leaves_out_are_gone():
    source = 'import (\n\t"fmt"\n\tyaml "sdk/yaml"\n)\nvar kinds = map[string]any{\n\t"File": yaml.File,\n}\n'
    assert go_build.without(source, ["yaml"]) == 'import (\n\t"fmt"\n)\nvar kinds = map[string]any{\n}\n'


def test_a_word_to_leave_out_that_no_line_has_ends_the_build():
    with pytest.raises(go_build.BuildError, match="no line has yaml"):
        go_build.without("package provider\n", ["yaml"])


@pytest.mark.usefixtures("tool_cache")
def test_a_part_is_compiled_with_its_changed_module_in_place_of_the_published_one(go, tmp_path):
    (tmp_path / "published").mkdir()
    (tmp_path / "published" / "kinds.go").write_text("package kinds\nvar yaml = 1\nvar json = 2\n")
    go(f'[ "$1" = list ] && echo "{tmp_path}/published"', f'[ "$1" != list ] && echo "$@" >> {tmp_path}/calls; exit 0')
    part = dataclasses.replace(catalog.BY_NAME["fortio"], without={("example.org/kinds", "kinds.go"): ("yaml",)})
    (scratch := tmp_path / "scratch").mkdir()
    with (tmp_path / "log").open("w") as log:
        flags = go_build.leave_out(part, scratch, log)
    assert (scratch / "0" / "kinds.go").read_text() == "package kinds\nvar json = 2\n"
    assert flags == ["-modfile", str(scratch / "go.mod")]
    assert f"-replace=example.org/kinds={scratch}/0" in (tmp_path / "calls").read_text()
