"""What `make lab-up` does."""

from lab.cluster import lock, state
from lab.cluster.say import say


def up() -> None:
    """Starts the lab. One that is up stays as it is; what is left of another is removed first."""
    with lock.held():
        if state.is_up(patience=60):
            say("the local cluster is up already")
            return
        from lab.cluster import start  # here, for its imports take longer than the answer above

        start.from_nothing()
