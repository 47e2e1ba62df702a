"""Who reads what in which order: drawn by chance, so that each session mixes the arms in balance."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from lss_core.study.protocol import PANEL_ARM, AssignmentKind, Protocol, ReferenceSource

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """That a reader reads a case: in which session, at which place of it (both from 1), in which arm."""

    reader: str
    case: str
    session: int
    position: int
    arm: str
    kind: AssignmentKind


def reading_order(case_ids: Iterable[str], *, reader: str, seed: int, session: int = 1) -> tuple[str, ...]:
    """The cases in this reader's own random order, the same on every call.

    Each case is placed by a hash of seed, session, reader and its id, so a case that is added later
    does not change the order of the others, and no reader shares another's order.
    """

    def place(case_id: str) -> bytes:
        return hashlib.sha256(f"{seed}/{session}/{reader}/{case_id}".encode()).digest()

    return tuple(sorted(set(case_ids), key=place))


def draw(
    protocol: Protocol,
    *,
    readers: Iterable[str],
    panel: Iterable[str] = (),
    cases: Iterable[str],
    kept: Sequence[Drawn] = (),
    rng: np.random.Generator,
) -> tuple[Drawn, ...]:
    """What is to be read, beyond the reads `kept` of an earlier draw with the same arms.

    Cases are dealt into as many blocks as there are arms, and blocks x sessions form a cyclic Latin square
    for each reader, whose first row moves on from reader to reader: each reads each of his cases once in
    each arm, one arm a session, and each session holds the arms in equal parts (to within a case). Within
    a session cases come in random blocks of one case an arm, so the arms stay in balance along the way.
    Training cases (each once, in the protocol's order, the arms taking turns) come first in session 1; an
    extra last session repeats `repeat_share` of the cases, rounded up, the same for all readers of a
    group, each in the arm in which the reader met it first. In a split-plot design readers and cases are
    dealt into groups. Where a panel makes the reference it reads all cases unaided in one session.

    The order in which readers and cases are given does not matter; the same `rng` draws the same.
    """
    test = sorted(set(cases) - set(protocol.training_cases))
    found: list[Drawn] = []
    for group_readers, group_cases in _groups(protocol, sorted(set(readers)), test, kept, rng):
        for turn, reader in enumerate(group_readers):
            own = [one for one in kept if one.reader == reader]
            found += _reader(protocol, reader, group_cases, own, turn, rng)
    if protocol.reference is ReferenceSource.PANEL:
        for reader in sorted(set(panel)):
            known = {one.case for one in kept if one.reader == reader}
            left = [(case, PANEL_ARM.name) for case in test if case not in known]
            found += _in_places(reader, 1, _shuffled(left, rng), AssignmentKind.TEST)
    return tuple(found)


def _reader(
    protocol: Protocol,
    reader: str,
    cases: Sequence[str],
    kept: Sequence[Drawn],
    turn: int,
    rng: np.random.Generator,
) -> list[Drawn]:
    """One reader's sessions; `turn` moves the first row of his square on."""
    arms = [arm.name for arm in protocol.arms]
    first = _first_arms(arms, cases, kept, turn)
    known = {(one.kind, one.case, one.session) for one in kept}
    training = [
        (case, arms[place % len(arms)])
        for place, case in enumerate(protocol.training_cases)
        if (AssignmentKind.TRAINING, case, 1) not in known
    ]
    found = _in_places(reader, 1, training, AssignmentKind.TRAINING)
    for session in range(1, len(arms) + 1):
        left = [
            (case, arms[(first[case] + session - 1) % len(arms)])
            for case in cases
            if (AssignmentKind.TEST, case, session) not in known
        ]
        before = len(found) if session == 1 else 0
        found += _in_places(reader, session, _balanced(left, arms, rng), AssignmentKind.TEST, before)
    if protocol.repeat_share > 0:
        again = _repeated(protocol, cases, kept)
        left = [(case, arms[first[case]]) for case in again]
        found += _in_places(reader, protocol.sessions, _balanced(left, arms, rng), AssignmentKind.REPEAT)
    return found


def _first_arms(
    arms: Sequence[str], cases: Sequence[str], kept: Sequence[Drawn], turn: int
) -> Mapping[str, int]:
    """The arm (its place) in which a reader meets each case in session 1; later sessions move on by one.

    A case that is kept stays in its row of the square; the others fill the rows that hold fewest.
    """
    count, own = len(arms), set(cases)
    first = {
        one.case: (arms.index(one.arm) - (one.session - 1)) % count
        for one in kept
        if one.kind is AssignmentKind.TEST and one.arm in arms and one.case in own
    }
    filled = [list(first.values()).count(row) for row in range(count)]
    for case in cases:
        if case not in first:
            first[case] = min(range(count), key=lambda row: (filled[row], (row - turn) % count))
            filled[first[case]] += 1
    return first


def _repeated(protocol: Protocol, cases: Sequence[str], kept: Sequence[Drawn]) -> list[str]:
    """The cases that are still to be repeated: as many as the protocol wants, less those kept."""
    known = {one.case for one in kept if one.kind is AssignmentKind.REPEAT}
    # To nine digits first: 0.1 of 70 cases are 7, though the product of the two floats is a little more.
    wanted = math.ceil(round(protocol.repeat_share * len(cases), 9)) - len(known)
    return [case for case in cases if case not in known][: max(wanted, 0)]


def _balanced(
    left: Sequence[tuple[str, str]], arms: Sequence[str], rng: np.random.Generator
) -> list[tuple[str, str]]:
    """Cases with their arms in random order, in blocks that hold each arm once while it lasts."""
    of_arm = [_shuffled([one for one in left if one[1] == arm], rng) for arm in arms]
    longest = max(len(own) for own in of_arm)
    blocks = [[own[place] for own in of_arm if place < len(own)] for place in range(longest)]
    return [one for block in blocks for one in _shuffled(block, rng)]


def _groups(
    protocol: Protocol,
    readers: Sequence[str],
    cases: Sequence[str],
    kept: Sequence[Drawn],
    rng: np.random.Generator,
) -> list[tuple[list[str], list[str]]]:
    """Readers and the cases they read, dealt by chance; whoever has begun a case stays with it."""
    bound = _bound_together(readers, cases, kept)
    placed = {name for together in bound for part in together for name in part}
    alone_readers = _shuffled([name for name in readers if name not in placed], rng)
    alone_cases = _shuffled([name for name in cases if name not in placed], rng)
    groups: list[tuple[list[str], list[str]]] = [([], []) for _ in range(protocol.groups)]
    for own_readers, own_cases in sorted(bound, key=lambda together: -len(together[1])):
        smallest = min(groups, key=lambda group: (len(group[1]), len(group[0])))
        smallest[0].extend(_shuffled(sorted(own_readers), rng))
        smallest[1].extend(_shuffled(sorted(own_cases), rng))
    for name in alone_readers:
        min(groups, key=lambda group: len(group[0]))[0].append(name)
    for name in alone_cases:
        min(groups, key=lambda group: len(group[1]))[1].append(name)
    return groups


def _bound_together(
    readers: Sequence[str], cases: Sequence[str], kept: Sequence[Drawn]
) -> list[tuple[set[str], set[str]]]:
    """Readers and cases that kept reads join, directly or through each other."""
    bound: list[tuple[set[str], set[str]]] = []
    for one in kept:
        if one.reader not in readers or one.case not in cases:
            continue
        joined: tuple[set[str], set[str]] = ({one.reader}, {one.case})
        apart = []
        for together in bound:
            if one.reader in together[0] or one.case in together[1]:
                joined = (joined[0] | together[0], joined[1] | together[1])
            else:
                apart.append(together)
        bound = [*apart, joined]
    return bound


def _in_places(
    reader: str, session: int, order: Sequence[tuple[str, str]], kind: AssignmentKind, before: int = 0
) -> list[Drawn]:
    return [
        Drawn(reader=reader, case=case, session=session, position=position, arm=arm, kind=kind)
        for position, (case, arm) in enumerate(order, start=before + 1)
    ]


def _shuffled(items: Sequence[T], rng: np.random.Generator) -> list[T]:
    return [items[place] for place in rng.permutation(len(items))]
