"""Patches: JSON Patch and FHIRPath Patch applied to the bytes of a resource, and the difference of two resources. Pure.

Only what a patch touches is written anew: everything else, numbers above all, keeps its bytes (docs/adr/0018).
"""
