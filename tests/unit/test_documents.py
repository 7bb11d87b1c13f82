"""The documents: their examples are valid settings, and their paths and commands exist."""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from operations.__main__ import COMMANDS
from pi_mesh.catalog import istio
from pi_mesh.checks.finding import errors
from tests.support.factories import make_settings
from tests.support.shape import ROOT
from tests.support.traffic_problems import run

EXAMPLES = [
    yaml.safe_load(block)
    for page in sorted((ROOT / "docs").glob("*.md"))
    for block in re.findall(r"```yaml\n(pi-mesh:.*?)```", page.read_text(), re.DOTALL)
]
PAGES = [*sorted(ROOT.glob("*.md")), ROOT / "lab" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FOLDERS = "components|docs|lab|operations|pi_mesh|policies|tests"
REFERENCE = set(re.findall(r"^\| `([^`]+)`", (ROOT / "docs" / "config.md").read_text(), re.MULTILINE))
FIRST = {key.partition(".")[0] for key in REFERENCE}
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
# The changelog also names what commands were called before.
every_page_of_today = pytest.mark.parametrize("page", [page for page in PAGES if page.stem != "CHANGELOG"], ids=str)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: " ".join(example))
def test_an_example_is_right(example: dict):
    settings = make_settings(**{key.removeprefix("pi-mesh:"): value for key, value in example.items()})
    assert errors(run(settings, None)) == []


def test_every_part_has_an_example():
    keys = {key.removeprefix("pi-mesh:") for example in EXAMPLES for key in example}
    parts = "ingress traffic mtls proxy observability namespaces trading istio gatewayApi networkPolicies vault ca"
    assert keys == {*parts.split()}


@every_page
def test_every_path_on_a_page_exists(page: Path):
    text = page.read_text()
    linked = {page.parent / link for link in re.findall(r"\]\((?!https?:)([^)#]+)", text)}
    named = {ROOT / path for path in re.findall(rf"`((?:{FOLDERS})/[\w./-]*)", text)}
    assert [str(path) for path in sorted(linked | named) if not path.exists()] == []


@cache
def heading_anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and the site name them."""
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    words = [re.sub(r"[^\w\- ]", "", re.sub(r"\]\([^)]*\)", "", title)).lower().strip() for title in titles]
    return {title.replace(" ", "-") for title in words}


@every_page
def test_every_heading_that_a_page_links_to_exists(page: Path):
    links = re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", page.read_text())
    targets = [(page.parent / file if file else page, anchor) for file, anchor in links]
    assert [(str(target), anchor) for target, anchor in targets if anchor not in heading_anchors(target)] == []


@every_page_of_today
def test_every_command_of_ours_on_a_page_exists(page: Path):
    # What was measured names the command of the commit that measured it.
    text = re.sub(r"`python -m [^`]+`\sof that commit", "", page.read_text())
    modules = set(re.findall(r"python -m ([\w.]+)", text)) - {"venv"}
    assert [name for name in sorted(modules) if find_spec(name) is None] == []
    goals = set(re.findall(r"`(?:\w+=\S+ )?make ([a-z-]+)", text))
    assert sorted(goals - {*re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)}) == []
    assert sorted({*re.findall(r"python -m operations ([a-z][a-z-]+)", text)} - {*COMMANDS}) == []


@pytest.mark.parametrize("page", ["configure", "observability", "operations", "runbooks", "vault"])
def test_every_setting_on_a_page_for_users_is_in_the_reference(page: str):
    text = (ROOT / "docs" / f"{page}.md").read_text()
    named = {key for key in re.findall(r"`([a-z]\w*\.[\w.\[\]]+)", text) if key.partition(".")[0] in FIRST}
    assert named
    assert [key for key in sorted(named) if not any(f"{known}.".startswith(f"{key}.") for known in REFERENCE)] == []


def test_the_table_of_istio_and_kubernetes_is_that_of_the_catalog():
    rows = re.findall(
        r"^\| 1\.(\d+) \| 1\.(\d+) to 1\.(\d+) \| (\S+) \|", (ROOT / "docs" / "upgrade.md").read_text(), re.M
    )
    known = [(row.minor, *row.kubernetes, row.end_of_life) for row in istio.MINORS.values()]
    assert rows == [tuple(map(str, row)) for row in known]
    assert f"istio.version {istio.NEWEST} " in (ROOT / "README.md").read_text()
