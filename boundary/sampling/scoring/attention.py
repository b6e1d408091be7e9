"""Attention of several tokens behind a prompt that was read before, by the kernels that need no mask.

By itself transformers hands such a case to torch with a mask of [response, prompt + response], which rules the fast
kernels out: on a GPU, long responses would then take longer than without sharing the prompt. A token that reads all
before it needs no mask. Layers with windows or other patterns keep theirs.
"""

from typing import Any

NAME = "boundary_causal"


def use_causal_attention(model: Any) -> bool:
    """Let a model that uses torch's attention run without masks where it reads all that stands before; whether it does.

    Only on a GPU: a processor has no such kernels.
    """
    if model.device.type == "cpu" or model.config._attn_implementation != "sdpa":
        return False
    register()
    model.set_attn_implementation(NAME)
    return bool(model.config._attn_implementation == NAME)


def register() -> None:
    """Make the attention known to transformers under NAME."""
    import transformers

    transformers.AttentionInterface.register(NAME, _attention)
    transformers.AttentionMaskInterface.register(NAME, _mask)


def _mask(*arguments: Any, **options: Any) -> Any:
    """No mask where every token reads all before it; else transformers' own."""
    from transformers.masking_utils import causal_mask_function, sdpa_mask

    plain = (
        options.get("mask_function") is causal_mask_function
        and options.get("attention_mask") is None
        and options.get("local_size") is None
        and options.get("allow_is_causal_skip", True)
    )
    return None if plain else sdpa_mask(*arguments, **options)


def _attention(module: Any, query: Any, key: Any, value: Any, attention_mask: Any, **options: Any) -> tuple[Any, None]:
    from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward

    if attention_mask is not None or query.shape[2] in (1, key.shape[2]):
        result: tuple[Any, None] = sdpa_attention_forward(module, query, key, value, attention_mask, **options)
        return result
    import torch
    from torch.nn.attention.bias import causal_lower_right

    groups = getattr(module, "num_key_value_groups", 1)
    read = torch.nn.functional.scaled_dot_product_attention(
        query,
        repeat_kv(key, groups),
        repeat_kv(value, groups),
        attn_mask=causal_lower_right(query.shape[2], key.shape[2]),
        scale=options.get("scaling"),
    )
    return read.transpose(1, 2).contiguous(), None
