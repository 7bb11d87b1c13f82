"""The guard of `pulumi destroy`: the resource in the state, and the plugin that runs when it is deleted.

The package imports nothing: the plugin's process starts with every preview, and Pulumi's SDK would cost it 0.2 s of CPU.
"""
