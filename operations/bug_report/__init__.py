"""The command `report`: one archive for a bug report, without secrets."""

from operations.bug_report.report_command import report

__all__ = ["report"]
