"""From final hidden states to logits: a model's own head, run on a few positions at a time.

A response of 16,384 tokens with a vocabulary of 152,000 is 10 GB of float32 logits. So the model without its head reads
the response, and the head is then run on some positions after others. Families scale or cap their logits; whether a
head that is run apart gives what the model itself gives is checked on every model that is loaded, and where it does
not, the whole model is run.

Notes
-----
Scalings by the name of the family's own setting: `final_logit_softcapping` (Gemma 2, 3), `logit_scale` (Cohere),
`logits_scaling` (Granite), `lm_head_multiplier` (Falcon-H1).
"""

from collections.abc import Callable
from typing import Any

# Hidden states [position, dimension] to float32 logits [position, token].
Head = Callable[[Any], Any]
# How far logits of the head apart may be from those of the model, as a share of the largest: rounding of the weights.
ROUNDING = {"float32": 1e-5, "float16": 5e-3, "bfloat16": 3e-2}
# Hidden states are tried at these multiples, since a cap shows itself only at large logits.
MULTIPLES = (1.0, 8.0)
PROBE_ROWS, PROBE_TOKENS = 2, 7


def find_head(model: Any) -> Head | None:
    """The head of a transformers model, to be run apart from it; None where that gives other logits than the model.

    Parameters
    ----------
    model
        A causal language model in evaluation mode.
    """
    import torch

    with torch.inference_mode():
        try:
            plain, hidden, output_type = _probe(model)
            own = _own_head(model, output_type)
            if not _close(own(hidden), plain, model):
                return None
        except Exception:  # a forward pass that is divided otherwise can raise anything
            return None
        linear = _linear_head(model)
        if linear is not None and all(_close(linear(hidden * m), own(hidden * m), model) for m in MULTIPLES):
            return linear
    return own


def _probe(model: Any) -> tuple[Any, Any, Any]:
    """Logits of the model and hidden states of its body at the same positions, and the type of the body's output."""
    import torch

    generator = torch.Generator().manual_seed(0)
    n_tokens = model.get_input_embeddings().weight.shape[0]
    ids = torch.randint(n_tokens, (PROBE_ROWS, PROBE_TOKENS), generator=generator).to(model.device)
    plain = model(input_ids=ids, use_cache=False).logits.float().flatten(0, 1)
    output = model.base_model(input_ids=ids, use_cache=False)
    return plain, output.last_hidden_state.flatten(0, 1), type(output)


def _close(logits: Any, expected: Any, model: Any) -> bool:
    scale = float(expected.abs().max())
    share = ROUNDING.get(str(model.dtype).removeprefix("torch."), ROUNDING["bfloat16"])
    return float((logits.to(expected.device) - expected).abs().max()) <= share * max(scale, 1e-6)


def _own_head(model: Any, output_type: Any) -> Head:
    """The model's own forward pass with hidden states put in place of what its body would compute."""
    import torch

    body = model.base_model
    ids = torch.zeros((1, 1), dtype=torch.long, device=model.device)

    def head(hidden: Any) -> Any:
        before = vars(body).get("forward")
        body.forward = lambda *_, **__: output_type(last_hidden_state=hidden[None])
        try:
            return model(input_ids=ids, use_cache=False).logits[0].float()
        finally:
            if before is None:
                del body.forward
            else:  # a model that is spread over devices has a forward of its own there
                body.forward = before

    return head


def _linear_head(model: Any) -> Head | None:
    """A plain product with the known scalings, in float32 whatever the weights; None where the head is another kind."""
    import torch

    layer = model.get_output_embeddings()
    if type(layer) is not torch.nn.Linear or layer.weight.is_meta:
        return None
    settings = model.config.get_text_config()
    cap = getattr(settings, "final_logit_softcapping", None)
    times = float(getattr(settings, "logit_scale", None) or 1) * float(
        getattr(settings, "lm_head_multiplier", None) or 1
    )
    times /= float(getattr(settings, "logits_scaling", None) or 1)
    product = _float32_product(layer.weight)

    def head(hidden: Any) -> Any:
        logits = product(hidden.to(layer.weight.device))
        if layer.bias is not None:
            logits += layer.bias
        if times != 1:
            logits *= times
        if cap:
            logits = torch.tanh(logits.div_(cap)).mul_(cap)
        return logits

    return head


def _float32_product(weight: Any) -> Callable[[Any], Any]:
    """Products with a matrix that come out in float32: rounded to bfloat16, a logit of 20 would be off by up to .06."""
    import torch

    if weight.dtype == torch.float32:
        return lambda hidden: hidden @ weight.t()
    if weight.device.type == "cpu":
        copy = weight.float()
        return lambda hidden: hidden.float() @ copy.t()
    try:
        torch.mm(weight[:8], weight[:8].t(), out_dtype=torch.float32)
    except (TypeError, RuntimeError):  # before torch 2.8, or a device without it
        return lambda hidden: (hidden @ weight.t()).float()
    return lambda hidden: torch.mm(hidden, weight.t(), out_dtype=torch.float32)
