"""A subscription of a token with `Observation.rs?category=laboratory` tells of laboratory results alone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from api_words import Caller, Region, lab, patient
from subscription_words import courier_of, on_topic, receiving, topic, trigger

from kakehashi.store.database import Database

SCOPE = "system/Observation.rs?category=laboratory system/Subscription.cruds system/Basic.rs"


@pytest.fixture
async def region(db: Database, tmp_path: Path) -> AsyncIterator[Region]:
    started = await Region.start(db, tmp_path, hook_networks="127.0.0.0/8")
    async with started.client:
        yield started


@pytest.fixture
async def sakura(region: Region) -> Caller:
    return await region.caller()


async def test_a_narrowed_subscriber_is_told_of_what_meets_the_filter_and_of_its_deletion(
    region: Region, sakura: Caller
) -> None:
    await sakura.made(topic(trigger("create", "update", "delete")))
    taro = "Patient/" + await sakura.made(patient("S1"))
    narrow, courier = await region.caller(scope=SCOPE), courier_of(region)
    vital = lab(taro)
    vital["category"][0]["coding"][0]["code"] = "vital-signs"
    async with receiving() as mine, receiving() as whole:
        await narrow.made(on_topic(mine))
        await sakura.made(on_topic(whole))
        await courier.work()
        mine.take(), whole.take()
        shown, hidden = await sakura.made(lab(taro)), await sakura.made(vital)
        await sakura.delete(f"/fhir/Observation/{hidden}")
        await courier.work()
        await sakura.delete(f"/fhir/Observation/{shown}")
        await courier.work()
        told = [focus for got in mine.take() for focus in got.focuses]
        numbers = [number for got in whole.take() for number in got.numbers]
    assert told and {one.rpartition("/")[2] for one in told} == {shown}
    assert len(numbers) == 4  # the whole one is told of the other as well
