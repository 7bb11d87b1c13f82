"""Judgements about a cluster and its mesh: pure functions from settings and a snapshot to findings."""
