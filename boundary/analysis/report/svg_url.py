"""An SVG as a URL that holds it, for an image of the page."""

from markupsafe import Markup


def svg_url(svg: bytes) -> Markup:
    """Write an SVG as a data: URL for an attribute in double quotes.

    Its text stays as it is but for what would end the URL or the attribute, which takes a quarter less room than
    base64. As an image it runs no script and loads nothing, whatever is in it.

    Parameters
    ----------
    svg
        A whole document in UTF-8, attributes in single quotes.

    Examples
    --------
    >>> str(svg_url(b"<svg fill='#fff'>50 % &lt; 1</svg>"))
    "data:image/svg+xml;charset=utf-8,<svg fill='%23fff'>50 %25 &amp;lt; 1</svg>"
    """
    text = svg.decode()
    for character, escaped in (("%", "%25"), ("#", "%23"), ("&", "&amp;"), ('"', "&quot;")):
        text = text.replace(character, escaped)
    return Markup(f"data:image/svg+xml;charset=utf-8,{text}")
