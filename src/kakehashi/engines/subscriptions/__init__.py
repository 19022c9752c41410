"""Subscriptions: a change that a subscriber may see is told to them, in order, at least once (docs/adr/0017).

`keeping` takes them in with the write that stores them, `noticing` turns changes into numbered events, `telling`
makes what is sent of them through the window of that moment, `courier` delivers, `asking` answers the operations.
"""
