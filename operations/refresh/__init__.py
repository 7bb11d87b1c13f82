"""The command `refresh`: restart workloads with a stale proxy, one at a time."""
