"""The log's verifier: one small module (`verify.py`) that imports nothing of the house."""
