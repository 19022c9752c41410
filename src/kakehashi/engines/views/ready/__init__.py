"""The views that ship: one ViewDefinition a file, named as its table."""
