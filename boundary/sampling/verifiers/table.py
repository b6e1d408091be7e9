"""The verifiers that `--verifier` can name: a module in this folder and a line here make a new one."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib import import_module

from boundary.errors import InputError, did_you_mean
from boundary.sampling.packages import package_version
from boundary.sampling.verifiers.spec import Verifier
from boundary.sampling.verifiers.user import user_verifier

# Modules in this folder, each with a tuple VERIFIERS.
MODULES = (
    "math",
    "number",
    "choice",
    "exact",
    "vision",
    "gym",
    "code",
)
VERIFIERS: Mapping[str, Verifier] = {
    verifier.name: verifier
    for module in MODULES
    for verifier in import_module(f"boundary.sampling.verifiers.{module}").VERIFIERS
}


def load_verifier(name: str, unsafe: bool = False) -> Verifier:
    """Verifier by name, or a user's own: `module:function`, called with problem (a dict) and text.

    Parameters
    ----------
    name
        One of VERIFIERS, or `module:function`; the function returns True or False, or an outcome's name.
    unsafe
        Let a verifier that runs programs do so without a sandbox.

    Returns
    -------
    The verifier, with whatever judges for it in its version.

    Raises
    ------
    InputError
        For an unknown name, a missing package, or a verifier that needs a sandbox where none works.

    Examples
    --------
    >>> load_verifier("number").key
    'number-3'
    """
    if ":" in name:
        return user_verifier(name)
    if name not in VERIFIERS:
        hint = did_you_mean(name, VERIFIERS)
        raise InputError(f"No verifier '{name}'.{hint} There are: {', '.join(VERIFIERS)}; or module:function.")
    verifier = VERIFIERS[name]
    if verifier.package:
        verifier = replace(verifier, version=f"{verifier.version}.{package_version(verifier.package, 'verify')}")
    return verifier.configure(verifier, unsafe) if verifier.configure else verifier


def machine_notices(names: Iterable[str], unsafe: bool) -> tuple[str, ...]:
    """What the user is to know before verifiers of these names run on this machine, each sentence once."""
    verifiers = [VERIFIERS[name] for name in names if name in VERIFIERS]
    notices = [verifier.notice(unsafe) for verifier in verifiers if verifier.notice]
    return tuple(dict.fromkeys(notice for notice in notices if notice))
