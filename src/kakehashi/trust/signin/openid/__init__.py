"""Sign-in by an OpenID provider of the operator's own (docs/adr/0021): who somebody is, never what they may."""
