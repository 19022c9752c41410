"""Packages: what is read of them, what is refused, how they are kept and replaced."""

import gzip
import io
import json
import os
import tarfile

import pytest
from profile_making import ABOUT, HERE, archive, element, found, package, packed, profile

from kakehashi.faces.cli.profiles import FOLDER, add, listed
from kakehashi.fhir.profiles import ProfileSet
from kakehashi.fhir.profiles.archive import BadPackage
from kakehashi.fhir.profiles.files import BrokenInstallation
from kakehashi.fhir.profiles.reading import read

NAMED = profile("named", "Patient", element("Patient.name", min=1), version="1.0")


def written(tmp_path, body, name="package.tgz"):
    path = tmp_path / name
    path.write_bytes(body)
    return path


def tgz(*members):
    """A .tgz of TarInfos with their bodies."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for info, body in members:
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    return buffer.getvalue()


def member(name, body=b"{}", kind=tarfile.REGTYPE, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, body


ABOUT_MEMBER = member("package/package.json", json.dumps(ABOUT).encode())

UNSAFE = {
    "a name that leads out": member("package/../../etc/x.json"),
    "an absolute name": member("/etc/x.json"),
    "a symbolic link": member("package/x.json", b"", tarfile.SYMTYPE, "/etc/passwd"),
    "a hard link": member("package/x.json", b"", tarfile.LNKTYPE, "package/package.json"),
    "a device": member("package/x.json", b"", tarfile.CHRTYPE),
    "a pipe": member("package/x.json", b"", tarfile.FIFOTYPE),
}


@pytest.mark.parametrize("case", UNSAFE)
def test_an_unsafe_member_refuses_the_whole_and_leaves_nothing(case, tmp_path):
    home = tmp_path / "home"
    path = written(tmp_path, tgz(ABOUT_MEMBER, UNSAFE[case]))
    with pytest.raises(BadPackage) as refused:
        add(home, path)
    assert refused.value.problems[0].rule == "package.unsafe"
    assert not home.exists()


def test_a_folder_among_the_members_is_no_danger(tmp_path):
    path = written(tmp_path, tgz(member("package/", b"", tarfile.DIRTYPE), ABOUT_MEMBER))
    assert read(path).name == "example.test"


def test_a_bomb_outside_the_folder_is_refused_too(tmp_path):
    info = tarfile.TarInfo("other/x.bin")
    path = written(tmp_path, tgz(ABOUT_MEMBER, (info, bytes(60 * 2**20))))
    assert path.stat().st_size < 2**20
    with pytest.raises(BadPackage) as refused:
        read(path)
    assert refused.value.problems[0].rule == "package.too-large"


def test_a_bomb_within_a_member_is_refused(tmp_path):
    info = tarfile.TarInfo("package/x.json")
    path = written(tmp_path, tgz(ABOUT_MEMBER, (info, bytes(60 * 2**20))))
    with pytest.raises(BadPackage) as refused:
        read(path)
    assert refused.value.problems[0].rule == "package.too-large"


def test_a_member_that_says_it_is_huge_is_refused(tmp_path):
    info = tarfile.TarInfo("package/x.json")
    info.size = 2**40
    path = written(tmp_path, gzip.compress(info.tobuf()))
    with pytest.raises(BadPackage) as refused:
        read(path)
    assert refused.value.problems[0].rule == "package.too-large"


WRONG = {
    "no archive": (b"hello", "package.archive"),
    "an archive cut short": (packed(NAMED)[:-200], "package.archive"),
    "no package.json": (tgz(member("package/x.json")), "package.form"),
    "a package.json without a name": (archive({}, {"version": "1"}), "package.form"),
    "another FHIR": (archive({}, {**ABOUT, "fhirVersions": ["5.0.0"]}), "package.fhir-version"),
    "a definition that is no JSON": (archive({"StructureDefinition-x.json": b"{"}), "package.definition"),
    "a definition misshapen": (packed({**NAMED, "url": 7}), "package.definition"),
    "an element misshapen": (packed(profile("p", "Patient", {"path": 7})), "package.definition"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_file_that_is_no_package_is_refused_with_a_reason(case, tmp_path):
    body, rule = WRONG[case]
    with pytest.raises(BadPackage) as refused:
        read(written(tmp_path, body))
    (problem,) = refused.value.problems
    assert problem.rule == rule
    assert "package.tgz" in problem.ja or "StructureDefinition" in problem.ja
    assert refused.value.status == 400


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(BadPackage):
        read(tmp_path / "package.tgz")


def test_only_definitions_directly_in_the_package_are_read(tmp_path):
    inside = (
        "package/example/StructureDefinition-e.json",
        "other/StructureDefinition-o.json",
        "package/x.txt",
    )
    members = [member(name, json.dumps(NAMED).encode()) for name in inside]
    example = member("package/Patient-broken.json", b"{")
    assert read(written(tmp_path, tgz(ABOUT_MEMBER, *members, example))).profiles == ()


def test_what_is_not_for_r4_is_passed_over_and_said_so():
    logical = {**profile("l", "Patient"), "derivation": "specialization"}
    foreign = profile("f", "SubscriptionTopic")
    later = {**profile("x", "Patient"), "fhirVersion": "5.0.0"}
    made = package(NAMED, logical, foreign, later)
    assert [one.url for one in made.profiles] == [HERE + "named"]
    assert len(made.passed_over) == 3


PATIENT = {"resourceType": "Patient"}


class TestInstalling:
    """`kakehashi profiles add` and `list`."""

    def test_what_is_added_is_listed_and_checked(self, tmp_path):
        (line,) = add(tmp_path, written(tmp_path, packed(NAMED)))
        assert (line.name, line.version, line.profiles) == ("example.test", "1.0.0", 1)
        assert [(one.name, one.version, one.profiles) for one in listed(tmp_path)] == [
            ("example.test", "1.0.0", 1)
        ]
        known = ProfileSet.load(tmp_path / FOLDER)
        assert known.urls == {HERE + "named"}
        assert found(known, PATIENT, "named") == [("profile.cardinality", "Patient.name")]

    def test_a_newer_version_takes_its_place(self, tmp_path):
        add(tmp_path, written(tmp_path, packed(NAMED)))
        newer = packed(profile("named", "Patient"), about={**ABOUT, "version": "1.1.0"})
        (line,) = add(tmp_path, written(tmp_path, newer))
        assert line.replaced == "1.0.0"
        assert [one.version for one in listed(tmp_path)] == ["1.1.0"]
        assert found(ProfileSet.load(tmp_path / FOLDER), PATIENT, "named") == []

    def test_one_bad_file_in_a_folder_installs_nothing(self, tmp_path):
        folder = tmp_path / "in"
        folder.mkdir()
        written(folder, packed(NAMED), "a.tgz")
        written(folder, b"hello", "b.tgz")
        with pytest.raises(BadPackage):
            add(tmp_path, folder)
        assert listed(tmp_path) == []
        (folder / "b.tgz").unlink()
        assert len(add(tmp_path, folder)) == 1

    def test_no_folder_means_no_packages(self, tmp_path):
        assert listed(tmp_path / "nothing") == []
        assert ProfileSet.load(tmp_path / "nothing").urls == frozenset()

    def test_a_broken_file_is_named_and_mended_by_adding_again(self, tmp_path):
        add(tmp_path, written(tmp_path, packed(NAMED)))
        (kept,) = (tmp_path / FOLDER).iterdir()
        kept.write_bytes(b"KKHPROF1" + bytes(9))
        with pytest.raises(BrokenInstallation) as broken:
            ProfileSet.load(tmp_path / FOLDER)
        assert kept.name in broken.value.problems[0].ja
        add(tmp_path, written(tmp_path, packed(NAMED)))
        assert len(listed(tmp_path)) == 1

    def test_a_name_cannot_lead_out_of_the_folder(self, tmp_path):
        evil = {**ABOUT, "name": "../../evil"}
        add(tmp_path, written(tmp_path, packed(NAMED, about=evil)))
        assert [one.name for one in (tmp_path / FOLDER).iterdir()] == [".._.._evil.profiles"]

    def test_nothing_half_written_is_left(self, tmp_path, monkeypatch):
        def full(_handle):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            add(tmp_path, written(tmp_path, packed(NAMED)))
        assert list((tmp_path / FOLDER).iterdir()) == []


class TestVersions:
    """One canonical URL in several packages."""

    old = package(profile("p", "Patient", element("Patient.name", min=1), version="1.9"))
    new = package(
        profile("p", "Patient", element("Patient.birthDate", min=1), version="1.10"),
        about={**ABOUT, "name": "newer"},
    )

    def test_the_newest_is_meant_where_none_is_named(self):
        for packages in ([self.old, self.new], [self.new, self.old]):
            assert found(ProfileSet.of(packages), PATIENT, "p") == [
                ("profile.cardinality", "Patient.birthDate")
            ]

    def test_the_one_named_is_meant(self):
        known = ProfileSet.of([self.old, self.new])
        assert found(known, PATIENT, "p|1.9") == [("profile.cardinality", "Patient.name")]

    def test_within_a_package_its_own_goes_first(self):
        own = package(
            profile("p", "Patient", version="0.1"),
            profile("q", "Patient", base=HERE + "p"),
            about={**ABOUT, "name": "own"},
        )
        assert found(ProfileSet.of([self.new, own]), PATIENT, "q") == []
