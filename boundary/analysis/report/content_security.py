"""The content security policy of the page: its own styles and scripts, and nothing else."""

import base64
import hashlib
from collections.abc import Sequence


def content_security_policy(scripts: Sequence[str], styles: Sequence[str]) -> str:
    """A policy that allows these inline scripts and styles, images that the page holds itself, and no request.

    Parameters
    ----------
    scripts, styles
        The text within each `<script>` and `<style>`, as it stands in the page.

    Examples
    --------
    >>> content_security_policy([], [])
    "default-src 'none'; img-src data:; style-src 'none'; script-src 'none'; base-uri 'none'; form-action 'none'"
    """
    return (
        f"default-src 'none'; img-src data:; style-src {_hashes(styles)}; script-src {_hashes(scripts)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hashes(texts: Sequence[str]) -> str:
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts]
    return " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
