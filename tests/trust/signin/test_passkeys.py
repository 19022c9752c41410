"""Passkeys: what an honest device opens, and what lying devices, sites and copies do not."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from passkey_device import PRESENT, Device, b64
from signin_people import HERE, NOON, OPERATOR, SAKURA, Doctor, actor_of, make_doctor, signed_in

from kakehashi.core.actors import Purpose, Role
from kakehashi.core.errors import Failure, NotSupported, Refused, TooLarge, Unauthenticated
from kakehashi.core.settings import Settings
from kakehashi.store.database import Database
from kakehashi.trust.keys import Vault
from kakehashi.trust.signin import accounts, passkeys, sessions, steps
from kakehashi.trust.signin.policy import Policy

ORIGIN, RP_ID = "https://kakehashi.example", "kakehashi.example"
POLICY = Policy(origin=ORIGIN, rp_id=RP_ID)
LATER = NOON + timedelta(hours=1)


@pytest.fixture
async def device(hospitals: Database, doctor: Doctor) -> Device:
    """The doctor's device, its passkey registered."""
    made = Device(ORIGIN, RP_ID)
    options = await passkeys.registration_options(hospitals, doctor.ticket.token, at=NOON, policy=POLICY)
    await passkeys.register(
        hospitals, doctor.ticket.token, made.register(options), "iPad", at=NOON, policy=POLICY
    )
    return made


async def options_of(db: Database) -> str:
    return await passkeys.sign_in_options(db, at=LATER, policy=POLICY)


async def test_a_passkey_alone_is_two_factors(hospitals: Database, doctor: Doctor, device: Device) -> None:
    answer = device.sign_in(await options_of(hospitals))
    ticket = await passkeys.sign_in(hospitals, answer, at=LATER, policy=POLICY)
    assert ticket.needs == ("choose",)
    ticket = await sessions.choose(
        hospitals, ticket.token, SAKURA.key, Role.DOCTOR, Purpose.TREATMENT, at=LATER, policy=POLICY
    )
    actor = await actor_of(hospitals, ticket.token, at=LATER, policy=POLICY)
    assert (actor.subject, actor.factors) == (doctor.account, 2)


async def test_options_ask_for_verification_and_name_nobody(hospitals: Database, device: Device) -> None:
    said = json.loads(await options_of(hospitals))
    assert said["userVerification"] == "required" and said["rpId"] == RP_ID
    assert not said.get("allowCredentials")


async def refused(db: Database, answer: str) -> None:
    with pytest.raises(Unauthenticated) as told:
        await passkeys.sign_in(db, answer, at=LATER, policy=POLICY)
    assert told.value.problems[0].rule == "signin.passkey"


async def test_another_site_gets_nothing(hospitals: Database, device: Device) -> None:
    for origin in ("https://evil.example", "http://kakehashi.example", ORIGIN + ":8443", ORIGIN + "."):
        device.origin = origin
        await refused(hospitals, device.sign_in(await options_of(hospitals)))


async def test_another_relying_party_gets_nothing(hospitals: Database, device: Device) -> None:
    device.rp_id = "evil.example"
    await refused(hospitals, device.sign_in(await options_of(hospitals)))


async def test_a_device_that_did_not_verify_its_user_gets_nothing(
    hospitals: Database, device: Device
) -> None:
    device.flags = PRESENT
    await refused(hospitals, device.sign_in(await options_of(hospitals)))


async def test_a_challenge_is_good_once(hospitals: Database, device: Device) -> None:
    options = await options_of(hospitals)
    assert await passkeys.sign_in(hospitals, device.sign_in(options), at=LATER, policy=POLICY)
    await refused(hospitals, device.sign_in(options))


async def test_one_answer_sent_twice_at_once_opens_once(hospitals: Database, device: Device) -> None:
    answer = device.sign_in(await options_of(hospitals))

    async def send() -> bool:
        try:
            await passkeys.sign_in(hospitals, answer, at=LATER, policy=POLICY)
        except Unauthenticated:
            return False
        return True

    assert sorted(await asyncio.gather(send(), send())) == [False, True]


async def test_a_challenge_that_was_not_ours_or_is_too_old_is_refused(
    hospitals: Database, device: Device
) -> None:
    await refused(hospitals, device.sign_in(json.dumps({"challenge": b64(b"x" * 32)})))
    options = await options_of(hospitals)
    with pytest.raises(Unauthenticated):
        await passkeys.sign_in(
            hospitals, device.sign_in(options), at=LATER + timedelta(minutes=5), policy=POLICY
        )


async def test_an_answer_to_registration_is_none_to_sign_in(hospitals: Database, device: Device) -> None:
    await refused(hospitals, device.sign_in(await options_of(hospitals), type="webauthn.create"))


async def test_another_key_under_the_same_id_is_refused(hospitals: Database, device: Device) -> None:
    forged = replace(Device(ORIGIN, RP_ID), id=device.id, counter=99)
    await refused(hospitals, forged.sign_in(await options_of(hospitals)))
    assert await passkeys.sign_in(
        hospitals, device.sign_in(await options_of(hospitals)), at=LATER, policy=POLICY
    )  # and the owner's is not suspended by it


async def test_a_copied_key_is_noticed_and_neither_works_any_more(
    hospitals: Database, device: Device
) -> None:
    clone = device.copy()
    for _ in range(2):
        await passkeys.sign_in(
            hospitals, device.sign_in(await options_of(hospitals)), at=LATER, policy=POLICY
        )
    await refused(hospitals, clone.sign_in(await options_of(hospitals)))
    await refused(hospitals, device.sign_in(await options_of(hospitals)))


async def test_a_device_that_never_counts_is_taken(hospitals: Database, doctor: Doctor) -> None:
    """Synced passkeys always say 0."""
    synced = Device(ORIGIN, RP_ID, steps=0)
    options = await passkeys.registration_options(hospitals, doctor.ticket.token, at=NOON, policy=POLICY)
    await passkeys.register(
        hospitals, doctor.ticket.token, synced.register(options), "phone", at=NOON, policy=POLICY
    )
    for _ in range(2):
        answer = synced.sign_in(await options_of(hospitals))
        assert await passkeys.sign_in(hospitals, answer, at=LATER, policy=POLICY)


async def test_registration_wants_the_same(hospitals: Database, doctor: Doctor) -> None:
    honest = Device(ORIGIN, RP_ID)
    for lying in (
        replace(honest, origin="https://evil.example"),
        replace(honest, rp_id="evil.example"),
        replace(honest, flags=PRESENT),
    ):
        options = await passkeys.registration_options(hospitals, doctor.ticket.token, at=NOON, policy=POLICY)
        with pytest.raises(Unauthenticated):
            await passkeys.register(
                hospitals, doctor.ticket.token, lying.register(options), "x", at=NOON, policy=POLICY
            )


async def test_a_registration_challenge_is_for_its_account_only(
    hospitals: Database, vault: Vault, doctor: Doctor
) -> None:
    options = await passkeys.registration_options(hospitals, doctor.ticket.token, at=NOON, policy=POLICY)
    other = await make_doctor(hospitals, vault, "tanaka", licence="512345")
    with pytest.raises(Unauthenticated):
        await passkeys.register(
            hospitals,
            other.ticket.token,
            Device(ORIGIN, RP_ID).register(options),
            "x",
            at=NOON,
            policy=POLICY,
        )


async def test_a_stolen_password_registers_no_passkey(hospitals: Database, doctor: Doctor) -> None:
    thief = await steps.with_password(hospitals, doctor.login, doctor.password, address=HERE, at=LATER)
    with pytest.raises(Refused):
        await passkeys.registration_options(hospitals, thief.token, at=LATER, policy=POLICY)


async def test_a_disabled_account_has_no_working_passkey(
    hospitals: Database, doctor: Doctor, device: Device
) -> None:
    await accounts.disable(hospitals, doctor.account, by=OPERATOR, at=LATER)
    await refused(hospitals, device.sign_in(await options_of(hospitals)))


async def test_what_is_no_answer_is_refused(hospitals: Database) -> None:
    nonsense = ["", "[]", "null", "{}", '{"id":1}', '{"response":{}}', "[" * 9_000, "\ud800"]
    for answer in [*nonsense, '{"response":{"clientDataJSON":"!!"}}']:
        await refused(hospitals, answer)


async def test_a_large_answer_is_not_read(hospitals: Database) -> None:
    with pytest.raises(TooLarge):
        await passkeys.sign_in(hospitals, "x" * 10_000_000, at=LATER, policy=POLICY)


async def test_broken_answers_are_refused_whole(hospitals: Database, device: Device) -> None:
    for member, broken in (("authenticatorData", b"\0" * 5), ("signature", b"\0"), ("clientDataJSON", b"{}")):
        answer = json.loads(device.sign_in(await options_of(hospitals)))
        answer["response"][member] = b64(broken)
        await refused(hospitals, json.dumps(answer))


@pytest.mark.parametrize(
    ("address", "rp_id"),
    [
        ("https://kakehashi.example", "kakehashi.example"),
        ("https://kakehashi.example:8443", "kakehashi.example"),
        ("http://localhost:8080", "localhost"),
        ("http://127.0.0.1:8080", ""),
        ("https://192.0.2.1", ""),
        ("http://kakehashi.example", ""),
    ],
)
def test_passkeys_are_offered_only_where_browsers_allow_them(address: str, rp_id: str) -> None:
    policy = Policy.of(Settings(base_url=address))
    assert policy.rp_id == rp_id
    if rp_id:
        assert policy.passkeys() == (address, rp_id)
    else:
        with pytest.raises(NotSupported):
            policy.passkeys()


async def test_a_passkey_can_be_given_up_but_not_the_last_factor(
    hospitals: Database, doctor: Doctor, device: Device
) -> None:
    ticket = await passkeys.sign_in(
        hospitals, device.sign_in(await options_of(hospitals)), at=LATER, policy=POLICY
    )
    await passkeys.remove(hospitals, ticket.token, device.id, at=LATER, policy=POLICY)
    await refused(hospitals, device.sign_in(await options_of(hospitals)))


async def test_the_only_passkey_stays(hospitals: Database, doctor: Doctor, device: Device) -> None:
    from kakehashi.trust.signin import enrolment

    ticket = await passkeys.sign_in(
        hospitals, device.sign_in(await options_of(hospitals)), at=LATER, policy=POLICY
    )
    await enrolment.drop_totp(hospitals, ticket.token, at=LATER, policy=POLICY)
    with pytest.raises(Failure):
        await passkeys.remove(hospitals, ticket.token, device.id, at=LATER, policy=POLICY)
    assert await passkeys.sign_in(
        hospitals, device.sign_in(await options_of(hospitals)), at=LATER, policy=POLICY
    )


async def test_a_passkey_proves_again_in_its_owners_session_only(
    hospitals: Database, vault: Vault, doctor: Doctor, device: Device
) -> None:
    """Step-up with one's own passkey; with a colleague's never."""
    other = await make_doctor(hospitals, vault, "tanaka", licence="512345")
    mine = await signed_in(hospitals, vault, doctor, NOON + timedelta(minutes=1))
    await sign_in_again(hospitals, device, mine.token)
    with pytest.raises(Unauthenticated):
        await sign_in_again(hospitals, device, other.ticket.token)


async def sign_in_again(db: Database, device: Device, token: str) -> None:
    at = NOON + timedelta(minutes=2)
    options = await passkeys.sign_in_options(db, at=at, policy=POLICY)
    await passkeys.sign_in(db, device.sign_in(options), at=at, token=token, policy=POLICY)
