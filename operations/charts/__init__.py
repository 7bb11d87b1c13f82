"""The command `charts`: lock the charts of a stack, and fetch them for an `up` without the internet."""
