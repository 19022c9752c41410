"""The store: the only floor with SQL for the live database. One row per resource, the person as the shard."""
