"""The chart lock: SHA-256 sums of the charts that a stack may install, written by `charts lock` and reviewed."""

import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import ValidationError

from pi_mesh.inventory.release import Release
from pi_mesh.model import Model, Sha256, matching
from pi_mesh.settings import SettingsError
from pi_mesh.settings.releases import ChartSettings, ChartSource

FILE = "charts.lock.yaml"
"""Name of the lock file beside the stack files, relative to the working directory of Pulumi's program."""
FOLDER = "charts"
"""Folder beside the lock with the charts that a locked stack takes from repositories and registries."""

FileName = Annotated[str, matching(r"^[A-Za-z0-9][A-Za-z0-9._+-]*$", "a part of a file's name")]


class LockedChart(Model):
    """One packaged chart at the time of its locking."""

    chart: FileName
    version: FileName
    source: ChartSource
    """Repository, registry or directory from which the chart was read."""
    sha256: Sha256
    """Sum of the file NAME-VERSION.tgz."""

    @property
    def place(self) -> ChartSettings:
        """Return the directory in which a locked stack has the file."""
        return _place(ChartSettings(source=self.source))

    @property
    def package(self) -> str:
        return self.place.package(self.chart, self.version)


Lock = tuple[LockedChart, ...] | None
"""Charts that a stack may install; None if the stack is not locked."""


class ChartLock(Model):
    """Locked charts by stack; each stack is locked by itself."""

    stacks: Mapping[str, tuple[LockedChart, ...]]

    def of_stack(self, stack: str) -> Lock:
        """Return the charts of a stack by its plain or its full name; None if the stack is not locked."""
        return self.stacks.get(stack.rpartition("/")[2])


def read_all(folder: Path = Path()) -> ChartLock:
    """Return the locks of all stacks. Raises SettingsError, with one line, for a file that is not a lock."""
    try:
        content = yaml.safe_load((folder / FILE).read_text(encoding="utf-8"))
        return ChartLock.model_validate_json(json.dumps(content, default=str))
    except FileNotFoundError:
        return ChartLock(stacks={})
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(str(error)) from None
    except yaml.YAMLError as error:
        raise _unreadable(" ".join(str(error).split())) from None
    except ValidationError as error:
        first, *_ = error.errors()
        raise _unreadable(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def read(stack: str) -> Lock:
    """Return the charts that a stack may install. Raises SettingsError as `read_all` does."""
    return read_all().of_stack(stack)


def locked(release: Release, charts: tuple[LockedChart, ...]) -> Release:
    """Return a release of a locked stack, whose chart is a file with a required sum."""
    # A chart that is not in the lock has no sum; `preflight.charts` refuses it.
    sums = {(entry.chart, entry.version): entry.sha256 for entry in charts}
    return replace(release, source=_place(release.source), sha256=sums.get((release.chart, release.version), ""))


def _place(source: ChartSettings) -> ChartSettings:
    return source if source.is_directory else ChartSettings(source=FOLDER)


def sum_of(package: str) -> str | None:
    """Return the SHA-256 sum of a file; None if the file does not exist."""
    try:
        return sha256(Path(package).read_bytes()).hexdigest()
    except OSError:
        return None


def _unreadable(reason: str) -> SettingsError:
    return SettingsError([f"{FILE}: can't be read: {reason}; restore it from git, or write it with `charts lock`"])
