"""The old name of `python -m operations.pull_request`; 0.4.0 removes it."""

from operations.pull_request.__main__ import app

if __name__ == "__main__":
    app()
