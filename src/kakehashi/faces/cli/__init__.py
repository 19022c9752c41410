"""The command line: `kakehashi init | serve | demo | load | export | token | audit | profiles | doctor`."""
