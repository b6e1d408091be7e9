"""`boundary completion`: the script by which a shell completes commands, options and names."""

import click

from boundary.cli.completion import SHELLS, VARIABLE
from boundary.cli.help_groups import WithExamples
from boundary.cli.terminal import echo


@click.command(
    cls=WithExamples,
    examples=[
        "boundary completion bash > ~/.local/share/bash-completion/completions/boundary",
        "boundary completion zsh > ~/.zfunc/_boundary    # with fpath+=~/.zfunc before compinit in ~/.zshrc",
        "boundary completion fish > ~/.config/fish/completions/boundary.fish",
    ],
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that lets a shell complete commands, options and names.

    Completed are commands, options, shipped sets, formats, priors, templates, and models and benchmarks of the counts
    file that stands before them.
    """
    from click.shell_completion import get_completion_class

    script = get_completion_class(shell)
    if script is not None:
        echo(script(ctx.find_root().command, {}, "boundary", VARIABLE).source())
