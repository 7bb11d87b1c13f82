"""The picture of a pull request's comment: docs/example-preview.md as a browser shows it, with its details closed."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from markdown_it import MarkdownIt

from lab.cluster.names import CHECKOUT
from lab.cluster.shell import LabError

PAGE = CHECKOUT / "docs" / "example-preview.md"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTH = 900
FRAME = """\
<!doctype html>
<meta charset="utf-8">
<style>
body {{ margin: 0; padding: 16px; background: #fff; color: #1f2328;
  font: 14px/1.5 -apple-system, "Segoe UI", "DejaVu Sans", Helvetica, Arial, sans-serif; }}
article {{ border: 1px solid #d1d9e0; border-radius: 6px; overflow: hidden; }}
header {{ background: #f6f8fa; border-bottom: 1px solid #d1d9e0; padding: 8px 16px; color: #59636e; }}
section {{ padding: 4px 16px 12px; }}
h3 {{ font-size: 17px; margin: 12px 0; }} h4 {{ font-size: 14px; margin: 14px 0 8px; }}
p, ul, table, details {{ margin: 0 0 10px; }} ul {{ padding-left: 24px; }}
table {{ border-collapse: collapse; }} th, td {{ border: 1px solid #d1d9e0; padding: 4px 10px; }}
code {{ font: 12px "DejaVu Sans Mono", Menlo, Consolas, monospace; background: #eff1f3; border-radius: 4px;
  padding: 2px 4px; }}
</style>
<article><header><b>github-actions</b> commented</header><section>
{body}
</section></article>
<script>document.documentElement.dataset.height = document.body.scrollHeight</script>
"""


def html(page: str) -> str:
    """Return the comment of the page, which begins below its rule, as a document for a browser."""
    comment = page.partition("\n---\n")[2]
    return FRAME.format(body=MarkdownIt("commonmark", {"html": True}).enable("table").render(comment))


def write(file: Path) -> None:
    """Write the picture (PNG). Raises LabError where there is no browser."""
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder) / "comment.html"
        document.write_text(html(PAGE.read_text()))
        found = re.search(r'data-height="(\d+)"', _browse(folder, "--dump-dom", document.as_uri()))
        if not found:
            raise LabError("the browser did not say how high the comment is")
        _browse(folder, f"--window-size={WIDTH},{found[1]}", f"--screenshot={file}", document.as_uri())


def _browse(folder: str, *arguments: str) -> str:
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise LabError("no browser on PATH; `apt-get install chromium` brings one")
    quiet = ("--headless=new", "--no-sandbox", "--hide-scrollbars", f"--user-data-dir={folder}/profile")
    wide = f"--window-size={WIDTH},600"
    command = (program, *quiet, wide, *arguments)
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
