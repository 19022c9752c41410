"""Between the rows of the store and the values of this floor, and how much two keys look like one human."""

from collections.abc import Mapping

from kakehashi.people.addresses import Address
from kakehashi.people.demographics import Demographics, Name
from kakehashi.store.people import Json, Row

# How much each agreeing item counts in the review queue. An order to look at them in, not a probability:
# the bulk matching (matching.py) replaces it by one.
_COUNTS = {"birth": 0.25, "sex": 0.05, "name": 0.25, "family": 0.1, "address": 0.1, "phone": 0.05}
_IDENTIFIER = 0.2


def described(row: Row) -> Demographics:
    """Return a row of person_description as demographics."""
    return Demographics(
        kanji=Name(row["kanji_text"], row["kanji_family"], row["kanji_given"], row["kanji_full"]),
        kana=Name(row["kana_text"], row["kana_family"], row["kana_given"], row["kana_full"]),
        birth=row["birth"],
        sex=row["sex"],
        address=Address(row["prefecture"], row["municipality"], row["town"]),
        address_text=row["address_text"],
        postal=row["postal"],
        phones=tuple(row["phones"]),
    )


def row(person: int, reference: str, who: Demographics) -> Json:
    """Return demographics as a row of person_description. `reference` is the Patient they come from."""
    return {
        "person": person,
        "patient": reference,
        **{f"kanji_{part}": getattr(who.kanji, part) for part in ("text", "family", "given", "full")},
        **{f"kana_{part}": getattr(who.kana, part) for part in ("text", "family", "given", "full")},
        "birth": who.birth.isoformat() if who.birth else None,
        "sex": who.sex,
        "prefecture": who.address.prefecture,
        "municipality": who.address.municipality,
        "town": who.address.town,
        "address_text": who.address_text,
        "postal": who.postal,
        "phones": list(who.phones),
    }


def score(agreeing: Mapping[str, bool], *, identifier: bool = False) -> float:
    """Return 0 to 1: how early an operator should look at a pair."""
    counted = sum(_COUNTS[item] for item, agrees in agreeing.items() if agrees and item in _COUNTS)
    return round(counted + (_IDENTIFIER if identifier else 0), 2)


def likeness(hit: Row) -> Json:
    """Return a candidate for two keys with the same birth date, sex and name (a row of `likenesses`)."""
    agreeing = {
        "birth": True,
        "sex": True,
        "name": True,
        "family": True,
        "address": hit["municipality"],
        "phone": hit["phone"],
    }
    evidence = {"rule": "same-items", **{item: "agrees" for item, agrees in agreeing.items() if agrees}}
    one, other = sorted((hit["person"], hit["other"]))
    return {"one": one, "other": other, "score": score(agreeing), "evidence": evidence}
