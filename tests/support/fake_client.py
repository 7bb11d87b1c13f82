"""A client of the Kubernetes API that answers from a table, and records its requests."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Self

from pi_mesh.cluster.client import Relayed


class FakeClient:
    """A substitute for the client class and its instances: calling it returns itself."""

    def __init__(self, answers: Mapping[str, object] | None = None) -> None:
        self.answers: dict[str, Any] = dict(answers or {})
        """The answer of each path; an exception is raised, a function called."""
        self.context = "test"
        self.time: datetime | None = None
        """Time of the cluster's clock; by default this machine's."""
        self.relayed: dict[str, tuple[int, str] | tuple[int, str, str]] = {}
        """Status, text and date of each proxy path."""
        self.got: list[str] = []
        self.wrote: list[tuple[str, str]] = []
        """Verb and path of each write."""
        self.bodies: list[Mapping[str, Any]] = []
        """Body of each creation and patch."""

    def __call__(self, context: str) -> Self:  # noqa: ARG002 - the signature of Client
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close nothing: nothing is open."""

    def now(self) -> datetime:
        return self.time or datetime.now(UTC)

    def get(self, path: str, *_: object, **__: str) -> Any:
        self.got.append(path)
        answer = self.answers.get(path)
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer

    def items(self, path: str, *_: object, **__: str) -> list[dict]:
        return (self.get(path) or {}).get("items") or []

    def each(self, path: str, *_: object, **__: str) -> Iterator[dict]:
        yield from self.items(path)

    def ask(self, path: str, body: Mapping[str, Any] | None = None, method: str = "POST", **__: str) -> Any:
        if method == "PUT":
            self.bodies.append(body or {})
        return self.get(f"PUT {path}" if method == "PUT" else path)

    def create(self, path: str, body: Mapping[str, Any]) -> Any:
        self.wrote.append(("create", path))
        self.bodies.append(body)
        answer = self.answers.get(f"create {path}")
        if isinstance(answer, Exception):
            raise answer
        meta = body["metadata"]
        name = meta.get("name") or f"{meta['generateName']}x"
        return {**body, "metadata": {**meta, "name": name, "uid": f"uid-of-{name}"}}

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        self.wrote.append(("patch", path))
        self.bodies.append(body)
        return body

    def patch_json(self, path: str, operations: Sequence[Mapping[str, Any]]) -> None:
        self.wrote.append(("patch_json", path))
        self.bodies.append({"operations": operations})

    def apply(self, path: str, manifest: Mapping[str, Any]) -> None:
        self.wrote.append(("apply", path))
        self.bodies.append(manifest)

    def delete(self, path: str) -> None:
        self.wrote.append(("delete", path))

    def relay(self, path: str, seconds: float) -> Relayed:
        assert seconds
        return Relayed(*self.relayed[path])
