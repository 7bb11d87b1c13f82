"""The command `python3 operations/pull_request/publish.py NUMBER FILE`: write the comment on a pull request, with `gh`.

It changes the earlier comment of this workflow, and no other: the one by GitHub's own bot account with the marker of
one of the same stacks. It runs in the job that has the right to write, on the base's checkout, with Python's standard
library alone.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

BOT = 41898282
"""The account github-actions[bot], whose token the workflow has: https://api.github.com/users/github-actions[bot]"""
MARKER = re.compile(r"^<!-- pi-mesh preview .* -->$", re.MULTILINE)
COMMENTS = "repos/{owner}/{repo}/issues"


def main(number: str, file: Path) -> None:
    """Change the comment of an earlier run, or write a new one."""
    body = file.read_text()
    known = own_comment(_comments(number), body)
    if known is None:
        _send("POST", f"{COMMENTS}/{number}/comments", body)
    else:
        _send("PATCH", f"{COMMENTS}/comments/{known}", body)


def own_comment(comments: list[dict], body: str) -> int | None:
    """Return the id of the first comment by the bot that has a marker in common with the new text."""
    markers = {*MARKER.findall(body)}
    for comment in comments:
        is_ours = (comment.get("user") or {}).get("id") == BOT
        if is_ours and markers & {*MARKER.findall(comment["body"].replace("\r\n", "\n"))}:
            return comment["id"]
    return None


def _comments(number: str) -> list[dict]:
    pages = json.loads(_gh("--paginate", "--slurp", f"{COMMENTS}/{number}/comments?per_page=100"))
    return [comment for page in pages for comment in page]


def _send(method: str, path: str, body: str) -> None:
    _gh("--method", method, path, "--input", "-", text=json.dumps({"body": body}))


def _gh(*arguments: str, text: str | None = None) -> str:
    """Run `gh api`; its errors go to the job's log, and end it."""
    command = ["gh", "api", *arguments]
    try:
        return subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True, check=True).stdout
    except OSError as problem:
        sys.exit(f"error: the command gh can't be run: {problem.strerror}; install it")
    except subprocess.CalledProcessError as problem:
        sys.exit(f"error: `{' '.join(command)}` ended with status {problem.returncode}, see above")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
