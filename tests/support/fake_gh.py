"""A `gh` that keeps the issues of one repository in a file and records its calls: no test reaches GitHub."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

USER = 1000
"""The account that is logged in."""
SCRIPT = """\
#!{python}
import json, sys
from pathlib import Path
home, arguments = Path({home!r}), sys.argv[2:]
sent = json.loads(sys.stdin.read()) if "--input" in arguments else None
with (home / "calls").open("a") as calls:
    calls.write(json.dumps([sys.argv[1:], sent]) + "\\n")
issues = json.loads((home / "issues").read_text())
path = next(one for one in arguments if one.startswith(("repos", "user")))
number = path.removeprefix("repos/{{owner}}/{{repo}}/issues").removesuffix("/comments").lstrip("/")
if path == "user":
    print(json.dumps({{"id": {user}}}))
elif "--paginate" in arguments:
    print(json.dumps([[], [one for one in issues if one["state"] == "open"]]))
elif path.endswith("/comments"):
    print(json.dumps({{"id": 1}}))
else:
    if number:
        found = issues[int(number) - 1]
        found.update(sent)
    else:
        found = {{"number": len(issues) + 1, "state": "open", "user": {{"id": {author}}}, **sent}}
        issues.append(found)
    (home / "issues").write_text(json.dumps(issues))
    print(json.dumps(found))
"""


@dataclass(frozen=True)
class FakeGh:
    """The folder of the program, to be put on PATH, with its issues and calls."""

    folder: Path

    def install(self, author: int = USER, *issues: dict[str, Any]) -> None:
        """Write the program; new issues are by `author`."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / "issues").write_text(json.dumps(issues))
        script = SCRIPT.format(python=sys.executable, home=str(self.folder), user=USER, author=author)
        (self.folder / "gh").write_text(script)
        (self.folder / "gh").chmod(0o755)

    @property
    def path(self) -> str:
        """Return a PATH that begins with the program."""
        return f"{self.folder}{os.pathsep}{os.environ['PATH']}"

    @property
    def issues(self) -> list[dict[str, Any]]:
        return json.loads((self.folder / "issues").read_text())

    @property
    def calls(self) -> list[tuple[list[str], dict[str, Any] | None]]:
        """Return the arguments of each call, and what it was given."""
        return [tuple(json.loads(line)) for line in (self.folder / "calls").read_text().splitlines()]
