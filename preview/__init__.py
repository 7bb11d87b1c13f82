"""What a pull request would change: both sides compared, with no cluster and no Vault. `python -m preview --help`."""
