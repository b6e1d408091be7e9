"""What the user is to know of an arm before it is sampled, though nothing is wrong with it."""

from boundary.sampling.arms import Arm


def arm_remarks(arm: Arm, n_samples: int | None) -> tuple[str, ...]:
    """Sentences on samples that repeat one another, and on a limit on new tokens that the context cuts.

    Parameters
    ----------
    n_samples
        A problem; None where a plan says.
    """
    remarks = []
    sampling, context = arm.model.spec.sampling, arm.model.facts.context
    name = f"{arm.model.display_name} on {arm.benchmark.name}"
    if sampling.temperature == 0 and n_samples != 1:
        remarks.append(f"{name}: at temperature 0 all samples of a problem are one text, so -n 1 tells as much")
    lengths = [len(prompt) for problem, prompt in arm.prompts.items() if problem not in arm.skipped]
    if context and lengths and max(lengths) + sampling.max_tokens > context:
        remarks.append(
            f"{name}: the model reads {context:,} tokens, prompt included, so samples on the longest prompt end after "
            f"{context - max(lengths):,} new tokens, before the {sampling.max_tokens:,} of --max-tokens"
        )
    return tuple(remarks)
