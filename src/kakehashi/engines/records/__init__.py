"""Records: the one way in (submit) and the one way out (look) for FHIR resources.

In: parse, validate, find the person, check the right, write, feed and log, all in one transaction.
Out: open the window, read through it, log, and only then show.
"""
