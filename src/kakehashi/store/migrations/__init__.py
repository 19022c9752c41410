"""Forward migrations: `NNNN_subject.sql`, applied once, in order of their numbers, each in one transaction."""
