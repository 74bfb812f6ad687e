"""`om-fsm completion`: what makes a shell complete the command."""

from __future__ import annotations

import click

from connector.cli.output import say

SHELLS = ("bash", "zsh", "fish")
_WHERE = {
    "bash": "om-fsm completion bash > ~/.local/share/bash-completion/completions/om-fsm",
    "zsh": "om-fsm completion zsh > ~/.zfunc/_om-fsm   (a directory of $fpath)",
    "fish": "om-fsm completion fish > ~/.config/fish/completions/om-fsm.fish",
}


@click.command(
    short_help="Make the shell complete this command.",
    epilog="\b\n" + "\n".join(_WHERE.values()),
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that makes a shell complete commands, options and their values. It asks om-fsm itself each time."""
    from click.shell_completion import get_completion_class

    root = context.find_root().command
    kind = get_completion_class(shell)
    assert kind is not None
    say(*kind(root, {}, "om-fsm", "_OM_FSM_COMPLETE").source().splitlines())
