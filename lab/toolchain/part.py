"""A part of the lab, as the catalog describes it."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Part:
    """A Go module under `go/`, with the programs and files that are taken from it.

    `programs`: program -> Go package. `stamp`: Go variable -> value set at link time.
    `files`: place in the part's folder -> (Go module, path inside it); a folder is copied whole.
    `tags`: Go build tags. `without`: (Go module, path of a file inside it) -> words; the part is compiled without the
    lines that have one of these words.
    `home`: the part whose folder it shares. `on_demand`: built only when asked for by name.
    `seconds`: how long it builds on 2 cores from an empty cache, in the catalog's order.
    """

    name: str
    version: str
    programs: dict[str, str]
    seconds: int
    needed_for: str
    stamp: dict[str, str] = field(default_factory=dict)
    files: dict[str, tuple[str, str]] = field(default_factory=dict)
    home: str = ""
    tags: tuple[str, ...] = ()
    on_demand: bool = False
    without: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    @property
    def ldflags(self) -> str:
        """Return linker flags: no debug tables (a third of the size), and a version where the module lacks its own."""
        return " ".join(["-s -w", *(f"-X {name}={value}" for name, value in self.stamp.items())])
