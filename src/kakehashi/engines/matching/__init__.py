"""`$match`: which Patients, of those that the asker may see, a description means; how sure that is.

Source: https://hl7.org/fhir/R4/patient-operation-match.html
"""
