"""P1 本人: one's own record, who looked at it, and what others may see of it."""
