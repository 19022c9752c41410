"""`$graphql`: R4's GraphQL, read-only, over what the asker may see. Imports graphql-core: import it late.

Source: https://hl7.org/fhir/R4/graphql.html
"""
