"""The command `proxies`: every running proxy with its version, connection, configuration and certificate."""
