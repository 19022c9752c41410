"""A document Bundle in the making: entries by urn:uuid, sections that point at them, a Composition in front."""

from html import escape

from kakehashi.core.actors import Role
from kakehashi.samples import systems
from kakehashi.samples.clins import parts
from kakehashi.samples.cut import Share
from kakehashi.samples.region import Site, Staff
from kakehashi.samples.trees import Tree, coding, concept, identifier
from kakehashi.terms import japan


class Paper:
    """Collects the resources of one document of one share. `name` is its in-house id, `moment` when it was written."""

    def __init__(self, share: Share, name: str, moment: str) -> None:
        self.share, self.name, self.moment = share, name, moment
        self._entries: list[Tree] = [parts.patient_entry(share, moment)]

    def add(self, resource: Tree) -> str:
        """Put a resource into the document, once; return its fullUrl."""
        url = parts.urn(self.share.site.slug, self.name, resource["resourceType"], resource["id"])
        if all(entry["fullUrl"] != url for entry in self._entries):
            self._entries.append({"fullUrl": url, "resource": resource})
        return url

    def organization(self, site: Site, *, profile: str = f"{parts.ECS}/JP_Organization_eCS") -> str:
        """Put an institution in; return its fullUrl."""
        return self.add(
            {
                "resourceType": "Organization",
                "id": site.slug,
                "meta": parts.meta(profile, self.moment),
                "identifier": [identifier(japan.INSTITUTION_ID, site.code)],
                "type": [concept("", coding(f"{systems.HL7}/organization-type", "prov"))],
                "name": site.name,
                "telecom": [{"system": "phone", "value": site.phone}],
                "address": [{"text": site.address, "country": "JP"}],
            }
        )

    def practitioner(self, staff: Staff, *, profile: str = f"{parts.ECS}/JP_Practitioner_eCS") -> str:
        """Put a doctor in; return the fullUrl."""
        names = [_name("IDE", staff.name), _name("SYL", staff.kana)]
        return self.add(
            {
                "resourceType": "Practitioner",
                "id": staff.login,
                "meta": parts.meta(profile, self.moment),
                "name": names,
            }
        )

    def encounter(self, stay: Tree, reason: str) -> str:
        """Put the visit that the document is about in; return its fullUrl."""
        kind = "IMP" if stay["class"]["code"] == "IMP" else "AMB"
        return self.add(
            {
                "resourceType": "Encounter",
                "id": stay["id"],
                "meta": parts.meta(f"{parts.ECS}/JP_Encounter_eCS", self.moment),
                "identifier": [identifier(japan.RESOURCE_ID, stay["id"])],
                "status": "finished",
                "class": coding(systems.ACT, kind, parts.CLASSES[kind]),
                "period": stay["period"],
                "reasonCode": [concept(reason)],
            }
        )

    def bundle(self, composition: Tree, profile: str) -> Tree:
        """Return the whole document; the Composition's id, times, identifier and references to the person are set."""
        subject = {"reference": parts.patient_url(self.share)}
        front = composition | {
            "id": self.name,
            "meta": composition["meta"] | {"lastUpdated": parts.stamp(self.moment)},
            "extension": [{"url": japan.DOCUMENT_VERSION, "valueString": "1.0"}],
            "identifier": identifier(japan.RESOURCE_ID, f"{self.share.site.code}-{self.name}"),
            "status": "final",
            "subject": subject,
            "date": parts.stamp(self.moment).replace(".000", ""),
        }
        url = parts.urn(self.share.site.slug, self.name, "Composition")
        return {
            "resourceType": "Bundle",
            "id": self.name,
            "meta": parts.meta(profile, self.moment),
            "identifier": parts.bundle_identifier(self.share.site, self.name),
            "type": "document",
            "timestamp": parts.stamp(self.moment),
            "entry": [{"fullUrl": url, "resource": front}, *self._entries],
        }


def _name(form: str, text: str) -> Tree:
    family, _, given = text.partition(" ")
    extension = [{"url": japan.NAME_REPRESENTATION, "valueCode": form}]
    return {"extension": extension, "use": "official", "text": text, "family": family, "given": [given]}


def doctor_of(site: Site) -> Staff:
    """Return the doctor who writes and receives an institution's documents."""
    return site.working_as(Role.DOCTOR)[0]


def narrative(*lines: str, status: str = "additional") -> Tree:
    """Return a Narrative of plain lines."""
    body = "<br/>".join(escape(line, quote=False) for line in lines)
    return {"status": status, "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{body}</div>'}


def section(code: str, title: str, lines: list[str], urls: list[str], *, display: str = "") -> Tree:
    """Return one section; an empty one says 特になし."""
    made: Tree = {
        "title": title,
        "code": concept("", coding(japan.DOCUMENT_SECTION, code, display or f"{title}セクション")),
        "text": narrative(*(lines or ["特になし"])),
    }
    return made | ({"entry": [{"reference": url} for url in urls]} if urls else {})


def structured(sections: list[Tree]) -> Tree:
    """Return the section 構造情報 that holds the others."""
    return {
        "title": "構造情報",
        "code": concept("", coding(japan.DOCUMENT_SECTION, "300", "構造情報セクション")),
        "section": sections,
    }
