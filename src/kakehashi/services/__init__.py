"""One folder per national system, all of one shape: service.py, rules.py, pages/."""
