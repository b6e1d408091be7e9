"""vLLM's own options, passed through by name: which may be, which change a sample, and which a run file may name.

vLLM has hundreds of options, and other ones in every version. Those that this package does not know go to its
EngineArgs or SamplingParams by name, where these have them. Whatever is not known to change speed and memory alone is
taken to change what is sampled: it is recorded among the settings, and samples of other values are not pooled.
"""

import inspect
from collections.abc import Mapping
from typing import Any

from boundary.errors import InputError, did_you_mean
from boundary.plain_text import plain

# How fast, on what and with how much memory; no distribution depends on them.
SPEED_OPTIONS = frozenset(
    (
        "async_scheduling", "block_size", "cpu_offload_gb", "data_parallel_size", "data_parallel_size_local",
        "disable_custom_all_reduce", "distributed_executor_backend", "enable_chunked_prefill",
        "enable_expert_parallel", "enable_prefix_caching", "kv_cache_memory_bytes", "kv_offloading_size",
        "long_prefill_token_threshold", "max_long_partial_prefills", "max_num_batched_tokens",
        "max_num_partial_prefills", "max_num_seqs", "max_parallel_loading_workers",
        "num_gpu_blocks_override", "pipeline_parallel_size", "safetensors_load_strategy",
        "scheduling_policy", "swap_space", "use_tqdm_on_load",
    )
)  # fmt: skip
# What boundary sets itself, and how the user sets it.
RESERVED_OPTIONS = {
    "model": "--model",
    "revision": "--revision",
    "tokenizer": "--tokenizer",
    "tokenizer_revision": "--tokenizer",
    "trust_remote_code": "--trust-remote-code",
    "seed": "--seed",
    "temperature": "--temperature",
    "top_p": "--top-p",
    "max_tokens": "--max-tokens",
    "n": "-n",
    "hf_token": "hf auth login",
}
# What nothing may change, since the store and the counts rest on it.
FIXED_OPTIONS = frozenset(
    (
        "detokenize", "disable_log_stats", "generation_config", "ignore_eos", "output_kind",
        "output_text_buffer_length", "served_model_name", "skip_tokenizer_init", "stop_token_ids",
    )
)  # fmt: skip
# Names of text that a run file, which may come from anyone, may give: none of them names code, a file or an address.
TEXT_OPTIONS = frozenset(["kv_cache_dtype", "calculate_kv_scales", "scheduling_policy", "tokenizer_mode"])
LIST_OPTIONS = frozenset(["stop", "bad_words", "allowed_token_ids", "logit_bias"])


def split_options(options: Mapping[str, Any], vllm: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options for vLLM's EngineArgs and for its SamplingParams, by where they are.

    Parameters
    ----------
    options
        Those that the vllm engine has no parameter for.
    vllm
        The package.

    Raises
    ------
    InputError
        For an option that neither has, or that boundary sets itself.
    """
    engine_names, sampling_names = (
        set(inspect.signature(kind).parameters) for kind in (vllm.EngineArgs, vllm.SamplingParams)
    )
    engine: dict[str, Any] = {}
    sampling: dict[str, Any] = {}
    for name, value in options.items():
        if name in RESERVED_OPTIONS:
            raise InputError(f"boundary sets vLLM's '{name}' itself. Set it with {RESERVED_OPTIONS[name]}.")
        if name in FIXED_OPTIONS:
            raise InputError(f"boundary sets vLLM's '{name}' itself, and its samples rest on that. Leave it out.")
        if name in engine_names:
            engine[name] = value
        elif name in sampling_names:
            sampling[name] = value
        else:
            hint = did_you_mean(name, sorted(engine_names | sampling_names))
            raise InputError(
                f"The engine vllm has no option '{plain(name)[:60]}', nor have vLLM's EngineArgs and SamplingParams."
                f"{hint}"
            )
    return engine, sampling


def identifying(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the options passed through that change what is sampled, or might."""
    return {name: value for name, value in options.items() if name not in SPEED_OPTIONS}


def may_stand_in_a_file(name: str, value: Any) -> bool:
    """Whether a run file may give an option that is passed through: it can name no code, file or address."""
    if value is None or isinstance(value, bool | int | float):
        return True
    if isinstance(value, str):
        return name in TEXT_OPTIONS
    return name in LIST_OPTIONS
