"""Kubernetes quantities as numbers."""

import re

UNITS = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1} | {
    unit: factor
    for power, letter in enumerate("kMGTPE", start=1)
    for unit, factor in ((letter, 1000**power), (f"{letter.upper()}i", 1024**power))
}
_QUANTITY = re.compile(r"(?P<number>[0-9]+\.?[0-9]*|\.[0-9]+)(?P<exponent>[eE][+-]?[0-9]+)?(?P<unit>[A-Za-z]*)")


def number(quantity: object) -> float | None:
    """Return the cores or bytes of "100m", "256Mi", "1e3" or 1.5; None for a value that is no quantity."""
    match = _QUANTITY.fullmatch(str(quantity))
    if isinstance(quantity, bool) or not match or match["unit"] not in UNITS or (match["exponent"] and match["unit"]):
        return None
    return float(match["number"] + (match["exponent"] or "")) * UNITS[match["unit"]]
