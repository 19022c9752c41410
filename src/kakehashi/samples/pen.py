"""A pen for told charts: writes the resources of an invented person in the shape that clinosim's have."""

from kakehashi.samples import systems
from kakehashi.samples.charts import Chart
from kakehashi.samples.clins.codes import ALLERGENS, LABS
from kakehashi.samples.places import STORY_SITE
from kakehashi.samples.repair import LAB_CATEGORY
from kakehashi.samples.trees import Tree, coding, concept, identifier, reference
from kakehashi.terms import japan

ONCE, TWICE, THRICE, AT_NIGHT = (
    ("1011000400000000", "１日１回朝食後　服用", 1),
    ("1012040400000000", "１日２回朝夕食後　服用", 2),
    ("1013044400000000", "１日３回朝昼夕食後　服用", 3),
    ("1011100000000000", "１日１回就寝前　服用", 1),
)  # 電子処方箋用法コード
UNITS = {  # unit as UCUM, low and high of JCCLS's common reference ranges
    "グリコヘモグロビンA1c": ("%", 4.9, 6.0),
    "グルコース": ("mg/dL", 73, 109),
    "クレアチニン": ("mg/dL", 0.46, 0.79),
    "LDL-コレステロール": ("mg/dL", 65, 163),
    "HDL-コレステロール": ("mg/dL", 48, 103),
    "トリグリセリド": ("mg/dL", 30, 117),
    "カリウム": ("mmol/L", 3.6, 4.8),
    "ナトリウム": ("mmol/L", 138, 145),
    "ヘモグロビン": ("g/dL", 11.6, 14.8),
    "白血球数": ("/uL", 3300, 8600),
    "血小板数": ("10*3/uL", 158, 348),
    "C反応性蛋白(CRP)": ("mg/dL", 0, 0.14),
    "プロトロンビン時間": ("{INR}", 0.9, 1.1),
    "ヒト脳性Na利尿ペプチド": ("pg/mL", 0, 18.4),
    "アスパラギン酸アミノトランスフェラーゼ(AST)": ("U/L", 13, 30),
    "アラニンアミノトランスフェラーゼ(ALT)": ("U/L", 7, 23),
}


class Pen:
    """Collects one person's resources; days are ISO texts, times are Japanese."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._made: list[Tree] = [{"resourceType": "Patient", "id": key}]
        self._classes: dict[str, str] = {}

    def chart(self) -> Chart:
        """Return what was written."""
        return Chart(f"story-{self._key}", self._made, self._key)

    def _write(self, kind: str, members: Tree) -> str:
        made = f"{self._key}-{len(self._made)}"
        self._made.append({"resourceType": kind, "id": made} | members)
        return made

    @property
    def _subject(self) -> Tree:
        return reference(f"Patient/{self._key}")

    def visit(
        self, site: str, day: str, department: str, reason: str, *, kind: str = "AMB", until: str = ""
    ) -> str:
        """Write an encounter at an institution (slug); return its id. `until` is the last day of a stay."""
        start, end = f"{day}T10:00:00+09:00", f"{until or day}T11:00:00+09:00"
        return self._write(
            "Encounter",
            {
                "status": "finished",
                "class": coding(systems.ACT, kind),
                "subject": self._subject,
                "serviceType": concept(department),
                "period": {"start": start, "end": end},
                "reasonCode": [concept(reason)],
                "serviceProvider": reference(f"{STORY_SITE}{site}"),
                "participant": [{"individual": reference("Practitioner/DR-1")}],
            },
        )

    def problem(
        self,
        visit: str,
        text: str,
        icd10: str,
        onset: str,
        *,
        disease: str = "",
        flag: str = "",
        ended: str = "",
    ) -> str:
        """Write a diagnosis; `disease` is its 病名管理番号, `flag` one of LTS, UNINFORMED, UNDELIVERED."""
        key = (
            coding(japan.DISEASE_KEY, disease, text)
            if disease
            else coding(japan.DISEASE_KEY, *japan.UNCODED_DISEASE)
        )
        status = ("resolved", "Resolved") if ended else ("active", "Active")
        members = {
            "clinicalStatus": concept("", coding(japan.CONDITION_CLINICAL, *status)),
            "verificationStatus": concept("", coding(japan.CONDITION_VERIFICATION, "confirmed", "Confirmed")),
            "category": [
                concept("", coding(japan.CONDITION_CATEGORY, "encounter-diagnosis", "Encounter Diagnosis"))
            ],
            "code": concept(text, key, coding(systems.ICD10, icd10, text)),
            "subject": self._subject,
            "encounter": reference(f"Encounter/{visit}"),
            "onsetDateTime": onset,
            "recordedDate": onset,
        }
        if ended:
            members["abatementDateTime"] = ended
        if flag:
            members["meta"] = {"tag": [coding(japan.INDICATION, flag)]}
        return self._write("Condition", members)

    def labs(self, visit: str, day: str, **values: float) -> None:
        """Write laboratory results, named as in UNITS."""
        for name, value in values.items():
            unit, low, high = UNITS[name]
            found = LABS[name]
            flag = "L" if value < low else "H" if value > high else "N"
            quantity = {"unit": unit, "system": systems.UCUM, "code": unit}
            self._write(
                "Observation",
                {
                    "status": "final",
                    "category": LAB_CATEGORY,
                    "code": concept(name, coding(systems.CORE_LAB, found.code, found.display)),
                    "subject": self._subject,
                    "encounter": reference(f"Encounter/{visit}"),
                    "effectiveDateTime": f"{day}T10:20:00+09:00",
                    "issued": f"{day}T15:00:00+09:00",
                    "performer": [reference("Practitioner/DR-1")],
                    "valueQuantity": {"value": round(value, 3)} | quantity,
                    "interpretation": [
                        concept("", coding(f"{systems.HL7}/v3-ObservationInterpretation", flag))
                    ],
                    "referenceRange": [
                        {"low": {"value": low} | quantity, "high": {"value": high} | quantity}
                    ],
                },
            )

    def medicine(
        self, visit: str, day: str, name: str, days: int, usage: tuple[str, str, int] = ONCE, *, yj: str = "",
        kind: str = "community",
    ) -> str:  # fmt: skip
        """Write a prescription of one medicine for some days."""
        code = coding(japan.YJ, yj, name) if yj else coding(japan.DRUG_NOCODED, *japan.NOCODED_DRUG)
        bounds = {"value": days, "unit": "日", "system": systems.UCUM, "code": "d"}
        repeat = {"boundsDuration": bounds, "frequency": usage[2], "period": 1, "periodUnit": "d"}
        dosage = {
            "extension": [{"url": japan.PERIOD_OF_USE, "valuePeriod": {"start": day}}],
            "text": f"{usage[1]} {days}日分",
            "timing": {"code": concept(usage[1], coding(japan.USAGE, *usage[:2])), "repeat": repeat},
        }
        members = {
            "identifier": [
                identifier(systems.RP_NUMBER, "1"),
                identifier(systems.RP_INDEX, str(len(self._made))),
            ],
            "status": "completed",
            "intent": "order",
            "category": [concept("", coding(f"{systems.HL7}/medicationrequest-category", kind))],
            "medicationCodeableConcept": concept(name, code),
            "subject": self._subject,
            "encounter": reference(f"Encounter/{visit}"),
            "authoredOn": f"{day}T10:40:00+09:00",
            "requester": reference("Practitioner/DR-1"),
            "dosageInstruction": [dosage],
            "dispenseRequest": {"expectedSupplyDuration": bounds},
        }
        return self._write("MedicationRequest", members)

    def allergy(self, visit: str, text: str, day: str, reaction: str, *, severe: bool = False) -> str:
        """Write an allergy to one of ALLERGENS."""
        found = ALLERGENS[text]
        reacted = {"manifestation": [concept(reaction)], "severity": "severe" if severe else "mild"}
        members = {
            "meta": {"tag": [coding(japan.INDICATION, "LTS")]},
            "clinicalStatus": concept("", coding(japan.ALLERGY_CLINICAL, "active", "Active")),
            "verificationStatus": concept("", coding(japan.ALLERGY_VERIFICATION, "confirmed", "Confirmed")),
            "category": [found.category],
            "criticality": "high" if severe else "low",
            "code": concept(text, found.coding),
            "patient": self._subject,
            "encounter": reference(f"Encounter/{visit}"),
            "onsetDateTime": day,
            "recordedDate": day,
            "reaction": [reacted],
        }
        return self._write("AllergyIntolerance", members)

    def vaccine(self, visit: str, day: str, name: str) -> str:
        """Write a vaccination."""
        members = {
            "status": "completed",
            "vaccineCode": concept(name),
            "patient": self._subject,
            "encounter": reference(f"Encounter/{visit}"),
            "occurrenceDateTime": day,
            "performer": [{"actor": reference("Practitioner/DR-1")}],
        }
        return self._write("Immunization", members)

    def procedure(self, visit: str, day: str, name: str) -> str:
        """Write an operation or treatment."""
        members = {
            "status": "completed",
            "code": concept(name),
            "subject": self._subject,
            "encounter": reference(f"Encounter/{visit}"),
            "performedDateTime": f"{day}T14:00:00+09:00",
            "performer": [{"actor": reference("Practitioner/DR-1")}],
        }
        return self._write("Procedure", members)
