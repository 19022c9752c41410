"""Where R4's published search parameters cannot be used as they stand: what is done instead, and why."""

_REPRESENTED = (
    "Patient.name.where(extension('http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation')"
    ".value.as(code) = '{}')"
)
_JP = "http://jpfhir.jp/fhir/core/Extension/StructureDefinition/JP_Organization_"
_ORGANIZATION = " | ".join(
    f"Organization.extension('{_JP}{{0}}').value.as({one})" for one in ("Coding", "code")
)
_JP_PARAMETER = "http://jpfhir.jp/fhir/core/SearchParameter/JP_"

# By the parameter's URL: the expression that is meant.
EXPRESSIONS = {
    # Published with operators; `values.deceased` says the rule.
    "http://hl7.org/fhir/SearchParameter/Patient-deceased": "Patient",
    # Published with "/" as XPath has it; FHIRPath divides with it.
    _JP_PARAMETER + "Patient_KanjiName_SP": _REPRESENTED.format("IDE"),
    _JP_PARAMETER + "Patient_KanaName_SP": _REPRESENTED.format("SYL"),
    # Published as codes; the extensions hold Codings.
    _JP_PARAMETER + "Organization_InsuranceOrganizationCategory_SP": _ORGANIZATION.format(
        "InsuranceOrganizationCategory"
    ),
    _JP_PARAMETER + "Organization_InsuranceOrganizationNo_SP": _ORGANIZATION.format(
        "InsuranceOrganizationNo"
    ),
    _JP_PARAMETER + "Organization_PrefectureNo_SP": _ORGANIZATION.format("PrefectureNo"),
    # Published without an expression: what its XPath says.
    "http://hl7.org/fhir/SearchParameter/patient-extensions-Patient-birthOrderBoolean": (
        "(Patient.multipleBirth as boolean)"
    ),
    # Published with the parameter's own name in the extension's URL; the extension is patient-mothersMaidenName.
    "http://hl7.org/fhir/SearchParameter/patient-extensions-Patient-mothersMaidenName": (
        "Patient.extension('http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName')"
    ),
}

# By code: parameters that leave no index entries of their own, with what is said where they cannot be asked for
# (`_text`, `_content`, `_list` and `_filter` are search/'s).
NOT_EXTRACTED = {
    "_text": "連鎖の途中には書けません。 / It cannot be followed by a chain.",
    "_content": "連鎖の途中には書けません。 / It cannot be followed by a chain.",
    "_list": "連鎖の途中には書けません。 / It cannot be followed by a chain.",
    "_query": "名前付き検索はありません。 / There are no named queries.",
    "_filter": "連鎖の途中には書けません。 / It cannot be followed by a chain.",
    "age": "年齢は日々変わるため索引がありません。birthdate を使ってください。 / Ages change daily; use birthdate.",
}
