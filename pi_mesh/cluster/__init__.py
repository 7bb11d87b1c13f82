"""Reader of the live cluster: quick, and read-only except for the client's create, patch and delete methods."""
