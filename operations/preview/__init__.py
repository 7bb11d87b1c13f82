"""The comment of a pull request: both sides compared, with no cluster and no Vault."""
