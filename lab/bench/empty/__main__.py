"""A program without a resource, which costs only the engine, the language host and Python."""

import pulumi  # noqa: F401
