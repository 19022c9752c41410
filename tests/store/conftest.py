"""Puts this folder on the path, so that its subfolders find `storing` (the words of the store's tests) too."""
