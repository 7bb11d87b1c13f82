"""Reads the live cluster, quickly and without ever writing to it."""
