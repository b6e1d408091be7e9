"""report.html: one page that needs nothing from outside, ready to send to a colleague."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from boundary.analysis.estimates.table import select
from boundary.analysis.figures import SCRIPT, STYLE_SHEET
from boundary.analysis.formatting import benchmark_name, number
from boundary.analysis.report.pictures import Pictures, page_pictures
from boundary.analysis.report.references import cite
from boundary.analysis.report.section import Content, Section
from boundary.analysis.report.sections import SECTIONS
from boundary.analysis.result import Analysis
from boundary.plain_text import printable

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent


class Part(NamedTuple):
    """A section with its heading and its HTML, safe as it is."""

    section: Section
    title: str
    html: str


class BenchmarkPart(NamedTuple):
    """One benchmark of the page: what its heading says, its anchor, and its sections."""

    name: str
    n_problems: int
    samples: str
    anchor: str
    parts: list[Part]


def report_html(analysis: Analysis, pictures: Pictures | None = None) -> str:
    """Render the page.

    Parameters
    ----------
    analysis
        What `boundary.analyze` returns.
    pictures
        The figures for the page where they are at hand; drawn otherwise.

    Returns
    -------
    str
        A whole HTML document: styles, figures and scripts inside it, no request to anywhere.
    """
    environment = _environment(page_pictures(analysis) if pictures is None else pictures)
    benchmarks = [_benchmark_part(environment, analysis, benchmark) for benchmark in analysis.benchmarks]
    parts = list(_parts(environment, analysis))
    sections = dict.fromkeys(part.section for part in chain(*(benchmark.parts for benchmark in benchmarks), parts))
    scripts = [SCRIPT.read_text(encoding="utf-8")]
    scripts += [script for section in sections if (script := section.text(".js"))]
    return environment.get_template("page.html.j2").render(
        analysis=analysis,
        benchmarks=benchmarks,
        parts=parts,
        styles=[
            *(path.read_text(encoding="utf-8") for path in (FOLDER / "page.css", STYLE_SHEET)),
            *(section.text(".css") for section in SECTIONS),
        ],
        scripts=scripts,
        script_policy=script_policy(scripts),
    )


def script_policy(scripts: Sequence[str]) -> str:
    """Source expression for a content security policy that allows these inline scripts and no other."""
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    return " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"


def _environment(pictures: Pictures) -> "Environment":
    """The environment of the templates: all values are escaped, and a missing variable is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    def picture(benchmark: str, name: str) -> str:
        return pictures.get(benchmark, {}).get(name, Markup())

    environment = Environment(
        loader=FileSystemLoader(list(dict.fromkeys([FOLDER, *(section.folder for section in SECTIONS)]))),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"cite": cite, "number": number, "picture": picture}
    return environment


def _benchmark_part(environment: "Environment", analysis: Analysis, benchmark: str) -> BenchmarkPart:
    return BenchmarkPart(
        name=benchmark_name(benchmark),
        n_problems=int(select(analysis.estimates, benchmark=benchmark)["n_problems"].max()),
        samples=analysis.sample_sizes[benchmark].in_words,
        anchor=f"benchmark-{analysis.benchmarks.index(benchmark) + 1}",
        parts=list(_parts(environment, analysis, benchmark)),
    )


def _parts(environment: "Environment", analysis: Analysis, benchmark: str | None = None) -> Iterator[Part]:
    """The sections of a benchmark, or of the whole analysis, that have something to show."""
    from markupsafe import Markup

    for section in SECTIONS:
        content: Content = None
        if benchmark is not None and section.of_benchmark is not None:
            content = section.of_benchmark(analysis, benchmark)
        elif benchmark is None and section.of_analysis is not None:
            content = section.of_analysis(analysis)
        if content is not None:
            html = environment.get_template(section.template).render(content)
            yield Part(section, section.title.format(**content), Markup(html))


def _printable(value: Any) -> Any:
    """A value as the page shows it; names from files may hold characters that reverse the direction of writing."""
    return type(value)(printable(str(value))) if isinstance(value, str) else value
