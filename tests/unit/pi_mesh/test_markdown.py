"""Tables in GitHub's Markdown."""

from pi_mesh.markdown import markdown_table

ROWS = [("a", "1"), ("b", "")]


def test_a_table_has_a_ruler_below_its_head_which_may_align_the_columns():
    assert markdown_table(("name", "pods"), ROWS) == "| name | pods |\n|---|---|\n| a | 1 |\n| b |  |"
    assert markdown_table(("name", "pods"), ROWS[:1], (":--", "--:")) == "| name | pods |\n| :-- | --: |\n| a | 1 |"
