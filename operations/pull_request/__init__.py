"""The comment on a pull request: both sides compared, without a cluster and without Vault."""
