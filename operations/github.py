"""GitHub's API by its command `gh`, for texts that a program writes and later finds again.

A workflow (.github/workflows/preview.yml) runs it on the base's checkout with Python's standard library alone.
"""

import json
import subprocess
import sys

BOT = 41898282
"""The account github-actions[bot], whose token a workflow has: https://api.github.com/users/github-actions[bot]"""
ISSUES = "repos/{owner}/{repo}/issues"


def call(*arguments: str, content: str | None = None) -> str:
    """Return what `gh api` prints; its errors go to standard error, and end this program."""
    command = ["gh", "api", *arguments]
    try:
        return subprocess.run(command, input=content, stdout=subprocess.PIPE, text=True, check=True).stdout
    except OSError as problem:
        sys.exit(f"error: the command gh can't be run: {problem.strerror}; install it")
    except subprocess.CalledProcessError as problem:
        sys.exit(f"error: `{' '.join(command)}` ended with status {problem.returncode}, see above")


def every(path: str) -> list[dict]:
    """Return the entries of all pages."""
    return [entry for page in json.loads(call("--paginate", "--slurp", path)) for entry in page]


def send(method: str, path: str, **content: str) -> str:
    """Send a JSON object, and return the answer."""
    return call("--method", method, path, "--input", "-", content=json.dumps(content))


def own_text(texts: list[dict], author: int, markers: set[str]) -> dict | None:
    """Return the first text by this author with one of these lines: a stranger's marker is left alone."""
    by_author = (text for text in texts if (text.get("user") or {}).get("id") == author)
    return next((text for text in by_author if markers & {*(text.get("body") or "").splitlines()}), None)
