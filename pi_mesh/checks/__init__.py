"""Judgements about a cluster and its mesh, as findings; the few that read the cluster or Vault themselves say so."""
