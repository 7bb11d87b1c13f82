"""The picture of a pull request's comment."""

import shutil
import subprocess

import pytest

from lab.cluster.shell import LabError
from lab.pictures import comment

PAGE = """\
# An example

Words around it.

---

### pi-cluster: restarts istiod

| key | change |
| :-- | :-- |
| `a` | `1` to `2` |

<details><summary>more</summary>

- in **depth**

</details>
"""


def test_the_comment_is_drawn_without_the_words_around_it():
    drawn = comment.html(PAGE)
    assert "<h3>pi-cluster: restarts istiod</h3>" in drawn
    assert "Words around it" not in drawn


def test_tables_and_closed_details_are_drawn_as_on_github():
    drawn = comment.html(PAGE)
    assert "<table>" in drawn
    assert "<details><summary>more</summary>" in drawn
    assert "<strong>depth</strong>" in drawn


def test_the_picture_is_as_high_as_the_browser_says(tmp_path, monkeypatch):
    commands = []

    def browse(command, **_):
        commands.append(command)
        return subprocess.CompletedProcess(command, 0, stdout='<html data-height="321">')

    monkeypatch.setattr(shutil, "which", lambda program: f"/usr/bin/{program}")
    monkeypatch.setattr(subprocess, "run", browse)
    comment.write(tmp_path / "comment.png")
    assert {f"--window-size={comment.WIDTH},321", f"--screenshot={tmp_path / 'comment.png'}"} <= set(commands[1])


def test_without_a_browser_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(LabError, match="apt-get install chromium"):
        comment.write(tmp_path / "comment.png")
