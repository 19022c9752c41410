"""Rules as a tree, and a differential laid upon its base: what HL7 calls a snapshot, without what R4 says itself."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from kakehashi.fhir.profiles.model import Discriminator, Rule, Slicing

_BY_URL = Slicing((Discriminator("value", "url"),))
_BY_TYPE = Slicing((Discriminator("type", "$this"),))


@dataclass(slots=True)
class Branch:
    """An element with what hangs beneath it: its children by name, the slices of its list by slice name."""

    rule: Rule
    children: dict[str, "Branch"] = field(default_factory=dict)
    slices: dict[str, "Branch"] = field(default_factory=dict)

    @property
    def slicing(self) -> Slicing | None:
        """How the list is sliced; extensions and choices need not say it."""
        if self.rule.slicing or not self.slices:
            return self.rule.slicing
        name = self.rule.id.rpartition(".")[2]
        if name in ("extension", "modifierExtension"):
            return _BY_URL
        return _BY_TYPE if name.endswith("[x]") else None

    def at(self, identity: str) -> "Branch | None":
        """Return the branch of an element id below this root, None where nothing is said of it."""
        found: Branch | None = self
        for step in identity.split(".") if identity else ():
            found = found.step(step) if found else None
        return found

    def step(self, step: str) -> "Branch | None":
        """Return the branch that one step of an element id leads to."""
        name, _, slice_name = step.partition(":")
        found = self.children.get(name)
        return found.slice(slice_name) if found and slice_name else found

    def slice(self, name: str) -> "Branch | None":
        """Return the slice of a name; `a/b` is the slice `b` of the slice `a`, unless a slice is called so."""
        if name in self.slices:
            return self.slices[name]
        outer, slash, inner = name.partition("/")
        found = self.slices.get(outer) if slash else None
        return found.slice(inner) if found else None

    def below(self) -> Iterator["Branch"]:
        """Yield this branch and all beneath it."""
        yield self
        for one in (*self.children.values(), *self.slices.values()):
            yield from one.below()


def tree_of(rules: Iterable[Rule]) -> Branch:
    """Return the root of the tree that rules make."""
    root = Branch(Rule(""))
    for rule in rules:
        branch = _place(root, rule.id)
        branch.rule = rule
    return root


def laid_upon(base: Branch, rules: Iterable[Rule]) -> Branch:
    """Return the base with a differential's rules laid upon it. The base is left as it is."""
    root = _copied(base)
    for rule in rules:
        branch = _place(root, rule.id)
        branch.rule = _narrowed(branch.rule, rule)
    return root


def _place(root: Branch, identity: str) -> Branch:
    """Find the branch of an id, making what is missing on the way."""
    branch = root
    path: list[str] = []
    for step in identity.split(".") if identity else ():
        name, _, slice_name = step.partition(":")
        branch = branch.children.setdefault(name, Branch(Rule(".".join((*path, name)))))
        if slice_name:
            branch = _slice(branch, slice_name, ".".join((*path, step)))
        path.append(step)
    return branch


def _slice(branch: Branch, name: str, identity: str) -> Branch:
    """Find or make a slice: `a/b` below the slice `a`, where that is one; else it is only a name."""
    if found := branch.slice(name):
        return found
    outer, _slash, inner = name.partition("/")
    if inner and outer in branch.slices:
        return _slice(branch.slices[outer], inner, identity)
    return branch.slices.setdefault(name, Branch(Rule(identity)))


def _copied(branch: Branch) -> Branch:
    return Branch(
        branch.rule,
        {name: _copied(one) for name, one in branch.children.items()},
        {name: _copied(one) for name, one in branch.slices.items()},
    )


def _narrowed(base: Rule, over: Rule) -> Rule:
    """One rule from a base's and a differential's: what the latter says counts, constraints of both hold."""
    said = {
        name: value
        for name in Rule.__struct_fields__
        if (value := getattr(over, name)) not in (None, "", ()) and name != "constraints"
    }
    keys = {one.key for one in over.constraints}
    kept = tuple(one for one in base.constraints if one.key not in keys)
    return msgspec.structs.replace(base, **said, constraints=(*kept, *over.constraints))
