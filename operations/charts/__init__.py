"""`charts`: locks the charts that a stack may install, and fetches them for an `up` without the internet."""

from operations.charts.charts_command import charts

__all__ = ["charts"]
