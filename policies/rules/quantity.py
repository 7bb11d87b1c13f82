"""Kubernetes quantities as numbers."""

import re

UNITS = {"": 1, "m": 0.001, "k": 1e3, "M": 1e6, "G": 1e9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}


def number(quantity: object) -> float | None:
    """Cores or bytes of "100m", "256Mi" or 1.5; None for what is no quantity."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([A-Za-z]*)", str(quantity))
    return float(match[1]) * UNITS[match[2]] if match and match[2] in UNITS else None
