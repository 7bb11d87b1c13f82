"""The CrossGuard pack: `pulumi preview --policy-pack policies`; the bounds for a kind of cluster are in `config/`."""
