"""Sampling in which samples of a prompt that agree so far are computed once: for short answers on a processor."""

from typing import Any

from boundary.sampling.engines.spec import Sampling


def shared_prefixes(model: Any, ids: Any, mask: Any, rows: Any, sampling: Sampling, max_tokens: int) -> list[list[int]]:
    """Token ids of independent samples; each distinct beginning goes through the model once.

    Parameters
    ----------
    model
        A transformers model whose cache is one of plain layers.
    ids, mask
        Distinct prompts, padded on the left, [prompt, token], and where they are no padding.
    rows
        The prompt of each sample, [sample], from 0.
    sampling
        Temperature, top-p and the tokens that end a sample.
    max_tokens
        New tokens a sample at most.

    Returns
    -------
    For each sample, its tokens up to and with the one that ended it.

    Notes
    -----
    Given what it has written, a sample's next token depends on no other sample: those that have written the same share
    one distribution, and each draws from it by itself. So the samples are as independent as anywhere; of 64 answers of
    three digits about a third of the computing is left.
    """
    import torch
    import transformers

    cache = transformers.DynamicCache(config=model.config)
    at, alive = rows, torch.arange(len(rows), device=rows.device)
    token_rows: list[list[int]] = [[] for _ in range(len(rows))]
    ends = torch.tensor(sampling.stop_ids, dtype=ids.dtype, device=ids.device)
    tokens, positions = ids, (mask.cumsum(1) - 1).masked_fill(mask == 0, 1)
    for left in reversed(range(max_tokens)):
        read = {"input_ids": tokens, "attention_mask": mask, "position_ids": positions, "cache": cache}
        logits = model(**read, use_cache=True, logits_to_keep=1).logits[:, -1].float()
        new_tokens = _next_tokens(logits, at, sampling)
        for sample, token in zip(alive.tolist(), new_tokens.tolist(), strict=True):
            token_rows[sample].append(token)
        on = ~torch.isin(new_tokens, ends)
        if not left or not on.any():
            break
        alive = alive[on]
        # The distinct beginnings: which one before, and the token behind it.
        begun, at = torch.stack([at[on], new_tokens[on]], dim=1).unique(dim=0, return_inverse=True)
        cache.batch_select_indices(begun[:, 0])
        mask = torch.cat([mask[begun[:, 0]], torch.ones_like(begun[:, :1])], dim=1)
        tokens, positions = begun[:, 1:], mask.sum(1, keepdim=True) - 1
    return token_rows


def _next_tokens(logits: Any, at: Any, sampling: Sampling) -> Any:
    """Next token of each sample, drawn from the distribution of its beginning."""
    import torch
    import transformers

    if sampling.temperature == 0:
        return logits.argmax(-1)[at]
    scores = logits / sampling.temperature
    if sampling.top_p < 1:
        scores = transformers.TopPLogitsWarper(sampling.top_p)(None, scores)
    # By the inverse of the distribution function, made once for each beginning and not for each sample.
    below = scores.double().softmax(-1).cumsum(-1)
    chance = torch.rand(len(at), dtype=torch.float64, device=at.device) * below[at, -1]
    new_tokens = torch.empty_like(at)
    for begun in range(len(below)):
        own = at == begun
        new_tokens[own] = torch.searchsorted(below[begun], chance[own], right=True).clamp_max(below.shape[-1] - 1)
    return new_tokens


def can_share(model: Any) -> bool:
    """Whether the cache of a model holds plain layers alone; windows and states are left to the library."""
    import transformers

    layers = transformers.DynamicCache(config=model.config).layers
    return {type(layer).__name__ for layer in layers} == {"DynamicLayer"}
