"""The place of the clean-up after destroy before it moved to `components.uninstall`; goes with the next release."""
