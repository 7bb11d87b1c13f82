"""Judgements about certificates: pure functions over PEM text, which read nothing else."""
