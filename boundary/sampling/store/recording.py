"""Where completions go: stored shard by shard, and judged in a thread, so that no engine waits for a verifier."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TypeVar

from boundary.data.readers.limits import FLUSH_TEXT
from boundary.sampling.problems import Completion, Verdict
from boundary.sampling.store.arm import Store

Item = TypeVar("Item")
# What is written at once: a stop loses no more than this, or what came in within these seconds.
FLUSH_SAMPLES, FLUSH_SECONDS = 512, 10.0
# Batches that may wait for the verifier before sampling waits too.
WAITING_BATCHES = 8


@dataclass
class Recorder:
    """Stores completions and has them judged in a thread.

    Parameters
    ----------
    store
        An open arm.
    key
        Of the verifier.
    judge
        Verdicts on samples.
    thread
        Where that runs.
    outcomes
        How often each outcome was given.
    failures
        Why samples could not be made, and how often.
    new, tokens
        Samples and tokens that came in.
    reasoning_joined
        Samples among them whose reasoning a server sent apart.
    """

    store: Store
    key: str
    judge: Callable[[Sequence[Completion]], list[Verdict]]
    thread: ThreadPoolExecutor
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    waiting: "list[Future[None]]" = field(default_factory=list)
    new: int = 0
    tokens: int = 0
    reasoning_joined: int = 0

    def judge_later(self, batch: Sequence[Completion]) -> None:
        """Have stored samples judged; where many wait for it, wait too."""
        while len(self.waiting) >= WAITING_BATCHES:
            self.waiting.pop(0).result()
        self.waiting.append(self.thread.submit(self._judge, batch))

    def record(self, completions: Iterator[Completion], progress: Callable[[], None]) -> None:
        """Store and judge what comes in; what failed stays missing."""
        for batch in batches(self._good(completions, progress), _stored_size):
            self.store.append(batch)
            self.judge_later([replace(sample, tokens=None) for sample in batch])

    def finish(self) -> None:
        """Wait for the last verdict."""
        for future in self.waiting:
            future.result()

    def _judge(self, batch: Sequence[Completion]) -> None:
        verdicts = self.judge(batch)
        self.store.append_verdicts(self.key, verdicts)
        self.outcomes.update(verdict.outcome for verdict in verdicts)

    def _good(self, completions: Iterator[Completion], progress: Callable[[], None]) -> Iterator[Completion]:
        for completion in completions:
            if completion.finish_reason == "error":
                self.failures[completion.text or "no reason is known"] += 1
                continue
            self.new += 1
            self.tokens += completion.n_tokens
            self.reasoning_joined += bool(completion.reasoning_joined)
            progress()
            yield completion


def _stored_size(completion: Completion) -> int:
    return len(completion.text) + len(completion.tokens or ())


def batches(items: Iterator[Item], size_of: Callable[[Item], int]) -> Iterator[list[Item]]:
    """Batches of what comes in that are written at once; after an interruption the last batch is still yielded.

    Parameters
    ----------
    size_of
        About how many characters an item takes.
    """
    batch: list[Item] = []
    since, size = time.monotonic(), 0
    error_to_raise: BaseException | None = None
    try:
        for item in items:
            batch.append(item)
            size += size_of(item)
            full = len(batch) >= FLUSH_SAMPLES or size >= FLUSH_TEXT
            if full or time.monotonic() - since > FLUSH_SECONDS:
                yield batch
                batch, since, size = [], time.monotonic(), 0
    except (KeyboardInterrupt, Exception) as error:
        error_to_raise = error
    if batch:
        yield batch
    if error_to_raise is not None:
        raise error_to_raise
