"""Blocks of requests that wait for a free worker; they shrink towards the end, so that no worker is behind at last."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from boundary.sampling.engines.spec import Request

Block = list[Request]


class BlockQueue:
    """Requests that wait for a worker.

    Parameters
    ----------
    requests
        All of them.
    number
        Workers.
    block_samples
        Samples in a block at most.
    """

    def __init__(self, requests: Sequence[Request], number: int, block_samples: int) -> None:
        self.waiting, self.number, self.block_samples = deque(requests), number, block_samples

    def next_block(self) -> Block:
        """The next requests; half of a worker's fair share of what is left, so that all end at about the same time."""
        left = sum(len(request.sample_indices) for request in self.waiting)
        size = max(1, min(self.block_samples, left // (2 * self.number)))
        block: Block = []
        while self.waiting and size > 0:
            request = self.waiting.popleft()
            sample_indices, remaining = request.sample_indices[:size], request.sample_indices[size:]
            block.append(replace(request, sample_indices=sample_indices))
            if remaining:
                self.waiting.appendleft(replace(request, sample_indices=remaining))
            size -= len(sample_indices)
        return block

    def put_back(self, block: Block) -> None:
        """Requests that a lost worker did not finish, to be next."""
        self.waiting.extendleft(reversed(block))
