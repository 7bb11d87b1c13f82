"""Reader of the live cluster. It reads quickly and, except for a few named methods, never writes."""
