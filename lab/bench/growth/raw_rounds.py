"""The file docs/growth.json: what was measured in each dimension, so that each can be measured anew by itself."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.bench.growth.measurement import Measured


@dataclass(frozen=True)
class Section:
    """The figures of one dimension, with the day and the machine."""

    day: str
    machine: str
    figures: Sequence[Measured]

    @property
    def sizes(self) -> list[int]:
        """Return the sizes in ascending order."""
        return sorted({one.size for one in self.figures})

    @property
    def rounds(self) -> int:
        """Return the number of rounds."""
        return len(self.figures[0].seconds)

    @property
    def commands(self) -> list[str]:
        """Return the commands in the order of their measurement."""
        return list(dict.fromkeys(one.contender for one in self.figures))

    def of(self, command: str) -> dict[int, Measured]:
        """Return the command's figures by size."""
        return {one.size: one for one in self.figures if one.contender == command}


def read(file: Path) -> dict[str, Section]:
    """Return the sections by dimension; none where there is no file yet."""
    if not file.exists():
        return {}
    content = json.loads(file.read_text())
    return {
        name: Section(one["day"], one["machine"], tuple(Measured(**figure) for figure in one["figures"]))
        for name, one in content.items()
    }


def text(sections: Mapping[str, Section]) -> str:
    """Return the content of the file."""
    return json.dumps({name: asdict(one) for name, one in sections.items()}, indent=1) + "\n"
