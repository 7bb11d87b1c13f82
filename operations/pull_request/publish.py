"""The command `python3 -m operations.pull_request.publish NUMBER FILE`: write the comment on a pull request, with `gh`.

It changes the earlier comment of this workflow, and no other: the one by GitHub's own bot account with the marker of
one of the same stacks. It runs in the job that has the right to write, on the base's checkout, with Python's standard
library alone.
"""

import re
import sys
from pathlib import Path

from operations import github

MARKER = re.compile(r"^<!-- pi-mesh preview .* -->$", re.MULTILINE)


def main(number: str, file: Path) -> None:
    """Change the comment of an earlier run, or write a new one."""
    # The artifact is the pull request's: a link could name a file with this job's token.
    if file.is_symlink() or not file.is_file():
        sys.exit(f"error: {file} is not a regular file; read the artifact of the job `preview` before anything else")
    body = file.read_text()
    known = own_comment(github.every(f"{github.ISSUES}/{number}/comments?per_page=100"), body)
    if known is None:
        github.send("POST", f"{github.ISSUES}/{number}/comments", body=body)
    else:
        github.send("PATCH", f"{github.ISSUES}/comments/{known}", body=body)


def own_comment(comments: list[dict], body: str) -> int | None:
    """Return the id of the first comment by the bot that has a marker in common with the new text."""
    comment = github.own_text(comments, github.BOT, {*MARKER.findall(body)})
    return comment["id"] if comment else None


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
