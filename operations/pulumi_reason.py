"""The reason that Pulumi gives when a command of it fails."""

import json

PASSPHRASE = (
    "`export PULUMI_CONFIG_PASSPHRASE_FILE=FILE`, a file with the passphrase that `pulumi stack init` asked for"
)
REMEDIES = {
    "passphrase must be set": PASSPHRASE,
    "incorrect passphrase": PASSPHRASE,
    "must be set for login": "log in where this stack's state is: `pulumi login file://FOLDER`, or `pulumi login`",
    "no Pulumi.yaml project file": "`cd` into this project's folder",
    "no stack named": "`pulumi stack ls` lists the stacks, and `pulumi stack init NAME` makes one",
    "does not satisfy the version range": "install a newer pulumi: https://www.pulumi.com/docs/install/",
    "currently locked": "if no other run is under way, `python -m operations repair -s STACK --yes`",
}
"""Commands to type, by a part of Pulumi's own reason (pulumi 3.259)."""
CHECK = "check the stack with `pulumi stack ls`, and the backend with `pulumi whoami -v`"


def of_preview(stdout: str) -> str:
    """Return the errors of a preview with --json, without Pulumi's general line that the program failed."""
    try:
        said = [entry["message"] for entry in json.loads(stdout)["diagnostics"] if entry["severity"] == "error"]
    except (ValueError, KeyError, TypeError):
        return ""
    return "".join(text for text in said if "an unhandled error occurred" not in text)


def last(stderr: str) -> str:
    """Return the last error that Pulumi named, or else the last line that it wrote."""
    said = [line.strip() for line in stderr.splitlines() if line.strip()]
    named = [line.removeprefix("error: ") for line in said if line.startswith("error: ")]
    return (named or said or ["pulumi gave no reason"])[-1]


def remedy(reason: str) -> str:
    """Return what to type after a command failed for this reason."""
    return next((what for part, what in REMEDIES.items() if part in reason), CHECK)
