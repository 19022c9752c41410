"""Validation in two ways: accept.py says quickly that all is well, explain.py says slowly what is not.

accept.py may only ever say "well" where explain.py finds no error; a property test holds them to it. Where
accept.py cannot tell, it says nothing and explain.py decides.
"""
