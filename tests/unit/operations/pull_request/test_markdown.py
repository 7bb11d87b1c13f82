"""Values and folded sections in GitHub's Markdown."""

import pytest

from operations.pull_request import markdown
from pi_mesh.tree_diff import ABSENT


@pytest.mark.parametrize(("before", "after", "written"), [
    ("15Gi", "19200Mi", "`15Gi` → `19200Mi`"),
    ("500m", "4", "`500m` → `4`"),
    ("5s", "50s", "`5s` → `50s`"),
    ("1.2.3", "1.2.4", "`1.2.3` → `1.2.4`"),
    (True, False, "`true` → `false`"),
    (None, 2, "nothing → `2`"),
    (ABSENT, "nothing", "nothing → `nothing`"),
    (["a"], [], "`[a]` → `[]`"),
    ("0Mi", "1Gi", "`0Mi` → `1Gi`"),
    ("a|b", "`c`", "`a\\|b` → `'c'`"),
    ("4Gi", "1Gi", "`4Gi` → `1Gi`"),
    ("1Gi", "1024Mi", "`1Gi` → `1024Mi`"),
    ("1Gi", "much", "`1Gi` → `much`"),
    ("1Gi", None, "`1Gi` → nothing"),
    ("a\n  b", {"b": 1, "a": [2]}, "`a b` → `{b: 1, a: [2]}`"),
])  # fmt: skip
def test_both_values_are_written_as_a_stack_file_has_them(before, after, written):
    assert markdown.both_values(before, after) == written


def test_a_text_a_section_and_a_diff_are_written_as_github_reads_them():
    assert markdown.one_line(" a\n  b ") == "a b"
    assert markdown.folded("more", "body") == "<details><summary>more</summary>\n\nbody\n\n</details>"
    assert markdown.fenced("+a\n```") == "````diff\n+a\n```\n````"
