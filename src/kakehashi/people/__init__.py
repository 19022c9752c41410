"""Who a record is about: identifiers, matching, merge and un-merge. A mislink is worse than a missed link."""
