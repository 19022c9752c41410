"""When a process counts as one that grows, and what of it is its own."""

import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
from bench.machine import family
from bench.soak import ROUNDS, Held, private_bytes

MB = 1 << 20


def held(*megabytes: int) -> Held:
    return Held([{7: one * MB} for one in megabytes])


def test_what_fills_while_it_warms_up_is_no_growth() -> None:
    assert held(*[60] * (ROUNDS // 10), *[90] * (ROUNDS - ROUNDS // 10)).grown() == {}


def test_a_leak_is_told_with_what_was_held_before_and_after() -> None:
    leaking = held(*(80 + 3 * n for n in range(ROUNDS)))
    assert leaking.grown() == {7: (86 * MB, 137 * MB)}


def test_a_process_that_ended_or_came_anew_is_not_judged() -> None:
    rounds = [{7: 10 * MB} for _ in range(ROUNDS - 1)]
    assert Held([*rounds, {8: 900 * MB}]).grown() == {}


def test_memory_of_a_process_is_read_and_its_family_has_itself() -> None:
    ballast = bytearray(32 * MB)
    ballast[::4096] = b"x" * len(ballast[::4096])
    assert private_bytes(os.getpid()) > 32 * MB
    assert os.getpid() in family(os.getpid())
