"""The reason that Pulumi gives when a command of it fails."""

import json


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
