"""What the tests of the samples agree on."""

TINY = 14  # inhabitants of the test's run of clinosim; a handful of them has records
