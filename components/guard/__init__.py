"""The guard of `pulumi destroy`: the resources in the state, and the plugin that acts when they are deleted.

The package imports nothing: the plugin starts with every preview, and Pulumi's SDK would cost it 0.2 s of CPU.
"""
