"""Sign-in of systems: clients, signed assertions, access tokens, client certificates. Ends in an `Actor`."""
