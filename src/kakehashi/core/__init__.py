"""What every floor may use: one error tree, one clock, ids, settings, and the values that cross floors."""
