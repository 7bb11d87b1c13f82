"""The page of the comparison."""

import json

from lab.bench import comparison_report
from lab.bench.rounds import Series

ROUNDS = 6
GROUP = [
    Series("install", "pulumi up", tuple(float(number) for number in range(2, 2 + ROUNDS))),
    Series("install", "helm", (4.0,) * ROUNDS),
]


def test_a_row_has_the_ratio_of_the_rounds_and_its_interval():
    ours, theirs = comparison_report.rows([GROUP])
    assert ours == ("install", "pulumi up", "4.50", "2.00", "7.00", "1.00", "1.00 to 1.00")
    assert theirs == ("install", "helm", "4.00", "4.00", "4.00", "1.12", "0.50 to 1.75")


def test_few_rounds_have_no_interval():
    few = [Series("install", name, (1.0, 2.0)) for name in ("ours", "theirs")]
    assert {row[-1] for row in comparison_report.rows([few])} == {"too few rounds"}


def test_the_raw_rounds_are_in_a_file_of_their_own():
    content = json.loads(comparison_report.raw([GROUP], "2 cores"))
    assert content["machine"] == "2 cores"
    assert content["rounds"][1] == {"job": "install", "contender": "helm", "seconds": [4.0] * ROUNDS}
    assert "[Every round](bench.json)" in comparison_report.page([GROUP], ROUNDS, "2 cores")


def test_each_job_has_a_chart_with_a_bar_for_each_contender():
    page = comparison_report.page([GROUP], ROUNDS, "2 cores")
    assert page.count("```mermaid\nxychart-beta horizontal\n") == 1
    assert '    x-axis ["pulumi up", "helm"]\n' in page
    assert "    bar [4.50, 4.00]\n" in page


def test_a_new_run_keeps_what_a_person_wrote_below_the_figures(tmp_path):
    page = tmp_path / "bench.md"
    assert comparison_report.explanation(page) == ""
    written = "\n## What the table says\n\nMuch.\n\n## Where the time goes\n\nTo Helm.\n"
    page.write_text(f"# Growth\n\n## Pods\n\n| 1 |\n{written}")
    assert comparison_report.explanation(page) == written
