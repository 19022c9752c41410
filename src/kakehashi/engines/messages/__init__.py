"""`$process-message`: a message's envelope, the events that are served, and the reply. Pure.

Source: https://hl7.org/fhir/R4/messageheader-operation-process-message.html, https://hl7.org/fhir/R4/messaging.html
"""
