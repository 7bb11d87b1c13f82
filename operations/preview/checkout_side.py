"""One side of a comparison: its config, what its program wants, and the Kubernetes objects that this comes down to."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from operations.preview import checkout, engine, rendered
from operations.preview.checkout import Config
from operations.preview.engine_result import NOTHING, Intent
from operations.preview.rendered import NotRenderedError, Objects


@dataclass(frozen=True)
class Side:
    """As far as it could be found out."""

    config: Config = field(default_factory=dict)
    intent: Intent = NOTHING
    objects: Objects = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    """What could not be found out, and why."""


def of(folder: Path, stack: str, charts: str, judged: bool) -> Side:
    """Previews and renders a checkout, which it may write into; `judged`: with the policy pack."""
    config = checkout.prepare(folder, stack)
    source = checkout.use_charts(folder, Path(charts), stack) if charts else {}
    state = folder.with_name(f"{folder.name}-state")
    state.mkdir()
    intent = engine.preview(folder, stack, state, source, judged=judged)
    if intent.is_refused:
        # The engine stopped at the breach: the rest of what the program wants takes a preview without rules.
        whole = engine.preview(folder, stack, state, source, judged=False)
        intent = replace(whole, violations=intent.violations)
    try:
        return Side(config, intent, rendered.objects(intent, folder))
    except NotRenderedError as error:
        return Side(config, intent, unknown=(f"The rendered objects: {error}",))
