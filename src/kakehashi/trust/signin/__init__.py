"""Sign-in of people: accounts, passwords, second factors, sessions. Ends in an `Actor`."""
