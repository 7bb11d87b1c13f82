"""The place of the clean-up after destroy before it moved to `components.uninstall`.

It is removed in the next release.
"""
