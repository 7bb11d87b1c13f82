"""The command `rehearse`: try the proxy's image on every node, before a release waits for it."""
