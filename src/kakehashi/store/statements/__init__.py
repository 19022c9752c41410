"""The SQL of the store, one `.sql` file a subject; read by kakehashi.store.sql."""
