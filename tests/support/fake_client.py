"""A client of the Kubernetes API that answers from a table, and records its requests."""

from collections.abc import Iterator, Mapping
from typing import Any, Self


class FakeClient:
    """A substitute for the client class and its instances: calling it returns itself."""

    def __init__(self, answers: Mapping[str, object] | None = None) -> None:
        self.answers: dict[str, Any] = dict(answers or {})
        """The answer of each path; an exception is raised, a function called."""
        self.context = "test"
        self.relayed: dict[str, tuple[int, str]] = {}
        """Status and text of each proxy path."""
        self.got: list[str] = []
        self.wrote: list[tuple[str, str]] = []
        """Verb and path of each write."""

    def __call__(self, context: str) -> Self:  # noqa: ARG002 - the signature of Client
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close nothing: nothing is open."""

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

    def ask(self, path: str, *_: object, **__: str) -> Any:
        return self.get(path)

    def create(self, path: str, body: Mapping[str, Any]) -> Any:
        self.wrote.append(("create", path))
        answer = self.answers.get(f"create {path}")
        if isinstance(answer, Exception):
            raise answer
        meta = body["metadata"]
        return {**body, "metadata": {**meta, "name": f"{meta['generateName']}x"}}

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        self.wrote.append(("patch", path))
        return body

    def delete(self, path: str) -> None:
        self.wrote.append(("delete", path))

    def relay(self, path: str, seconds: float) -> tuple[int, str]:
        assert seconds
        return self.relayed[path]
