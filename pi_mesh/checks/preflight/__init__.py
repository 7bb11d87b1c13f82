"""Preflight: the checks before anything is changed, with every problem of a cluster in one report."""
