"""Sessions of verl, as of agents that call tools: several outputs of one session are one sample."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from math import comb, gcd, prod
from typing import NamedTuple

from boundary.data.readers.streams import Source
from boundary.data.records import CORRECT

# Verdicts that stand in blocks by a chance below this are taken for those of sessions.
RARE = 0.2


class Rollout(NamedTuple):
    """One line of the file: hashes of input and output, and the problem and session that it belongs to."""

    input_hash: int
    uid: str
    session: str | int | None
    outcome: str
    text: int
    step: int | None
    line: int
    benchmark: str | None = None


class Sessions:
    """Outputs grouped by uid, turned into samples once the whole file is read.

    Parameters
    ----------
    source
        The file, for messages.
    outputs
        Number of consecutive lines that are one session, where the user gives it.
    """

    def __init__(self, source: Source, outputs: int | None) -> None:
        self.source, self.outputs = source, outputs
        self._rollouts: list[Rollout] = []
        self._groups: dict[str, list[Rollout]] = {}

    def add(self, rollout: Rollout) -> None:
        """Add an output that has a uid or a session."""
        self._rollouts.append(rollout)

    def samples(self) -> Iterator[tuple[str, Rollout]]:
        """Name of the problem, and one output for each session."""
        for rollout in _with_sessions(self._rollouts):
            # Without a uid a session that is a number is one of its prompt; a text is a session's own name.
            alone = f"{rollout.session}" if isinstance(rollout.session, str) else f"{rollout.input_hash}"
            self._groups.setdefault(f"uid {rollout.uid}" if rollout.uid else f"session {alone}", []).append(rollout)
        self._refuse_blocks()
        names: dict[int, list[str]] = {}
        for key, group in self._groups.items():
            input_hash = group[0].input_hash
            keys = names.setdefault(input_hash, [])
            if key not in keys and (key.startswith("uid ") or not keys):
                keys.append(key)
            place = keys.index(key) if key in keys else 0
            name = f"{input_hash:016x}" + (f"#{place}" if place else "")
            for rollout in self._of_group(group):
                yield name, rollout
        shared = sum(len(keys) > 1 for keys in names.values())
        if shared:
            self.source.note(
                f"'{self.source.path}': {shared} inputs belong to several problems each (other pictures, say), which "
                "are told apart by uid, and between files by their order."
            )

    def _of_group(self, group: list[Rollout]) -> Iterator[Rollout]:
        if all(rollout.session is not None for rollout in group):
            sessions: dict[str | int | None, list[Rollout]] = {}
            for rollout in group:
                sessions.setdefault(rollout.session, []).append(rollout)
            yield from self._last_of_each(sessions.values())
        elif len({rollout.input_hash for rollout in group}) > 1:
            # Every session begins with the problem's own input; further turns go on from it.
            yield from (rollout for rollout in group if rollout.input_hash == group[0].input_hash)
        elif self.outputs:
            parts = [group[at : at + self.outputs] for at in range(0, len(group), self.outputs)]
            yield from self._last_of_each(parts)
        else:
            yield from group

    def _last_of_each(self, sessions: Iterable[list[Rollout]]) -> Iterator[Rollout]:
        for session in sessions:
            if len({rollout.outcome == CORRECT for rollout in session}) > 1:
                self.source.broken("outputs of one session have different verdicts", session[-1].line)
                continue
            yield session[-1]

    def _refuse_blocks(self) -> None:
        """Refuse lines of one uid whose verdicts stand in blocks of one length: several outputs of each session."""
        if self.outputs is not None:
            return
        plain = [
            [rollout.outcome == CORRECT for rollout in group]
            for group in self._groups.values()
            if len({rollout.input_hash for rollout in group}) == 1 and any(rollout.session is None for rollout in group)
        ]
        length = gcd(*(len(list(run)) for verdicts in plain for _, run in groupby(verdicts)))
        if length < 2:
            return
        chances = [
            comb(len(verdicts) // length, sum(verdicts) // length) / comb(len(verdicts), sum(verdicts))
            for verdicts in plain
        ]
        if prod(chances) < RARE:
            raise self.source.error(
                f"verdicts of one uid stand in blocks of {length}, as where each session has {length} outputs that "
                f"share its score. Count a session once with --option outputs={length}, or every line with outputs=1"
            )


def _with_sessions(rollouts: list[Rollout]) -> list[Rollout]:
    """Rollouts whose uids are keys of outputs, `{uid}_{session}_{output}`, with both apart; else as they are.

    Newer trainers (verl 0.9, `trainer/ppo/v1`) dump such a key in place of the uid. Keys are told from uids that happen
    to end in numbers: each stands there once, every session begins with output 0, and the first outputs of all sessions
    of a uid have one input.
    """
    keys = [rollout.uid.rsplit("_", 2) for rollout in rollouts]
    if not rollouts or len({rollout.uid for rollout in rollouts}) < len(rollouts):
        return rollouts
    outputs: dict[tuple[str, str], set[str]] = {}
    inputs: dict[str, int] = {}
    for rollout, key in zip(rollouts, keys, strict=True):
        if len(key) < 3 or rollout.session is not None or not all(map(_is_number, key[1:])):
            return rollouts
        uid, session, output = key
        outputs.setdefault((uid, session), set()).add(output)
        if output == "0" and inputs.setdefault(uid, rollout.input_hash) != rollout.input_hash:
            return rollouts
    if not all("0" in numbers for numbers in outputs.values()):
        return rollouts
    return [
        rollout._replace(uid=uid, session=int(session))
        for rollout, (uid, session, _) in zip(rollouts, keys, strict=True)
    ]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
