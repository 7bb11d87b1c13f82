"""Kubernetes quantities as numbers."""

import re

UNITS = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18} | {
    f"{letter}i": 1024**power for power, letter in enumerate("KMGTPE", start=1)
}
_QUANTITY = re.compile(r"(?P<number>[0-9]+\.?[0-9]*|\.[0-9]+)(?P<exponent>[eE][+-]?[0-9]+)?(?P<unit>[A-Za-z]*)")


def number(quantity: object) -> float | None:
    """Return the cores or bytes of "100m", "256Mi", "1e3" or 1.5; None for a value that is no quantity."""
    match = _QUANTITY.fullmatch(str(quantity))
    if isinstance(quantity, bool) or not match or match["unit"] not in UNITS or (match["exponent"] and match["unit"]):
        return None
    return float(match["number"] + (match["exponent"] or "")) * UNITS[match["unit"]]
