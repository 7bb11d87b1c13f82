"""The archive: bounded, without secrets, and nobody else's to read."""

import json
import tarfile

import pytest

from operations.bug_report import parts
from operations.bug_report.parts import Part
from operations.bug_report.redaction import Redactor


def rendered(*found: Part) -> tuple[dict[str, bytes], list[str]]:
    return parts.rendered(found, Redactor(["plain-word"]))


def test_texts_and_documents_lose_their_secrets():
    files, _ = rendered(Part("a.log", "x plain-word"), Part("b.json", {"c": ["plain-word"]}))
    assert files["a.log"] == b"x [removed]"
    assert files["b.json"] == b'{\n  "c": [\n    "[removed]"\n  ]\n}\n'
    assert json.loads(files["b.json"]) == {"c": ["[removed]"]}


def test_of_a_long_text_the_end_is_kept():
    text = "é" * parts.LARGEST_FILE + "the end"
    content = rendered(Part("a.log", text))[0]["a.log"]
    assert parts.LARGEST_FILE - 1 <= len(content) <= parts.LARGEST_FILE
    assert content.decode().startswith(parts.CUT)
    assert content.decode().endswith("the end")


def test_what_the_archive_has_no_room_for_is_named(monkeypatch):
    monkeypatch.setattr(parts, "LARGEST", 10)
    files, left_out = rendered(Part("a", "x" * 6), Part("b", "x" * 6), Part("c", "x" * 4), Part("d", "x"))
    assert (list(files), left_out) == (["a", "c"], ["b", "d"])


def test_the_archive_is_its_owners_alone_and_never_written_over_another_file(tmp_path):
    target = tmp_path / "a.tar.gz"
    size = parts.write(target, "folder", {"logs/a.log": b"content"}, 1_800_000_000)
    assert (target.stat().st_size, target.stat().st_mode & 0o777) == (size, 0o600)
    with tarfile.open(target) as tar:
        (member,) = tar.getmembers()
        assert (member.name, member.mtime, member.mode) == ("folder/logs/a.log", 1_800_000_000, 0o600)
        assert tar.extractfile(member).read() == b"content"  # type: ignore[union-attr]
    with pytest.raises(FileExistsError):
        parts.write(target, "folder", {}, 0)
