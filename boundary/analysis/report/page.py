"""report.html: one page that needs nothing from outside, ready to send to a colleague."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from boundary.analysis.checkpoints import trained_models
from boundary.analysis.figures import SCRIPT, STYLE_SHEET
from boundary.analysis.formatting import benchmark_name, budget, number, probability_text
from boundary.analysis.report.answers import Answer, anchor_of, answers, ordered_benchmarks
from boundary.analysis.report.content_security import content_security_policy
from boundary.analysis.report.links import FileLinks
from boundary.analysis.report.picture_choice import pictures_that_fit
from boundary.analysis.report.pictures import Pictures, id_prefix, page_pictures, with_prefix
from boundary.analysis.report.problem_rows import json_text
from boundary.analysis.report.provenance import Provenance
from boundary.analysis.report.references import cite
from boundary.analysis.report.section import Content, Section
from boundary.analysis.report.sections import SECTIONS
from boundary.analysis.report.tables import data_attributes
from boundary.analysis.result import Analysis
from boundary.plain_text import printable

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

FOLDER = Path(__file__).parent
STYLES = ("page.css", "tables.css")
# Parts of a sentence that stay on one line.
UNBROKEN = re.compile(r"\bk = \S|\d %|\[[^\[\]]{1,40}\]")
# Places in a name where a line may end.
BREAKS = re.compile(r"(?<=[-_/=:,@|])(?=\w)|(?<=\.)(?=[^\W\d])")
# More benchmarks than this are folded.
MOST_OPEN = 3
# More models than this are counted in the title.
MOST_NAMED = 3


class Part(NamedTuple):
    """A section with its heading and its HTML, safe as it is."""

    section: Section
    title: str
    html: str


class BenchmarkPart(NamedTuple):
    """One benchmark of the page: what its heading says, its anchor, its answers, and its sections."""

    name: str
    n_problems: int
    samples: str
    anchor: str
    answers: list[Answer]
    parts: list[Part]


def report_html(
    analysis: Analysis,
    pictures: Pictures | None = None,
    *,
    files: Sequence[str] = (),
    provenance: Provenance | None = None,
) -> str:
    """Render the page.

    Parameters
    ----------
    analysis
        What `boundary.analyze` returns.
    pictures
        The figures for the page where they are at hand; drawn otherwise.
    files
        Names of the files that are written beside the page, which it links to.
    provenance
        Command and day that the page states; neither where not given.

    Returns
    -------
    str
        A whole HTML document: styles, figures and scripts inside it, no request to anywhere.
    """
    pictures = page_pictures(analysis) if pictures is None else pictures
    pictures = pictures_that_fit(pictures, ordered_benchmarks(analysis))
    environment = _environment(analysis, pictures, FileLinks(analysis.benchmarks, files), provenance or Provenance())
    lines = answers(analysis)
    benchmarks = [_benchmark_part(environment, analysis, name, lines) for name in ordered_benchmarks(analysis)]
    parts = list(_parts(environment, analysis))
    sections = dict.fromkeys(part.section for part in chain(*(benchmark.parts for benchmark in benchmarks), parts))
    scripts = [path.read_text(encoding="utf-8") for path in (FOLDER / "page.js", SCRIPT)]
    scripts += [script for section in sections if (script := section.text(".js"))]
    styles = [path.read_text(encoding="utf-8") for path in (*(FOLDER / name for name in STYLES), STYLE_SHEET)]
    style = "\n".join([*styles, *(text for section in SECTIONS if (text := section.text(".css")))])
    return environment.get_template("page.html.j2").render(
        analysis=analysis,
        title=page_title(analysis),
        source=" + ".join(path.rstrip("/").rsplit("/", 1)[-1] for path in analysis.counts.source.split(" + ")),
        benchmarks=benchmarks,
        is_folded=len(benchmarks) > MOST_OPEN,
        top_parts=[part for part in parts if part.section.on_top],
        parts=[part for part in parts if not part.section.on_top],
        style=style,
        scripts=scripts,
        policy=content_security_policy(scripts, [style]),
    )


def page_title(analysis: Analysis) -> str:
    """Whom the page is about: the RL models against their base, a model alone, or how many are ranked."""
    arms = trained_models(analysis.counts, analysis.base, analysis.models) or list(analysis.models[1:])
    if analysis.base is None:
        return ", ".join(arms) if len(arms) <= MOST_NAMED else f"{len(arms)} models, ranked"
    names = ", ".join(arms) if len(arms) <= MOST_NAMED else f"{len(arms)} RL models"
    return f"{names} against {analysis.base}"


def unbroken(sentence: str) -> str:
    """A sentence whose lines do not end within `k = 8`, `95 %` or the brackets of an interval.

    Examples
    --------
    >>> unbroken("At k = 8 it solves 1.8 points fewer [1.0, 2.7].").count("\N{NO-BREAK SPACE}")
    3
    """
    return UNBROKEN.sub(lambda part: part[0].replace(" ", "\N{NO-BREAK SPACE}"), sentence)


def breakable(name: str) -> "Markup":
    """A name whose lines may end behind punctuation, rather than within a word.

    Examples
    --------
    >>> str(breakable("org/model_v2 <b>"))
    'org/<wbr>model_<wbr>v2 &lt;b&gt;'
    """
    from markupsafe import Markup

    parts = BREAKS.split(printable(name))
    return Markup("<wbr>").join(parts)


def _environment(analysis: Analysis, pictures: Pictures, links: FileLinks, provenance: Provenance) -> "Environment":
    """The environment of the templates: all values are escaped, and a missing variable is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    def picture(benchmark: str, name: str) -> str:
        return pictures.get(benchmark, {}).get(name, Markup())

    def lead_picture(benchmark: str, name: str) -> str:
        return with_prefix(picture(benchmark, name), id_prefix(analysis, benchmark, name), "lead-")

    environment = Environment(
        loader=FileSystemLoader(list(dict.fromkeys([FOLDER, *(section.folder for section in SECTIONS)]))),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "cite": cite,
        "number": number,
        "budget": budget,
        "probability_text": probability_text,
        "picture": picture,
        "lead_picture": lead_picture,
        "links": links,
        "provenance": provenance,
        "data": data_attributes,
        "json_text": json_text,
        "unbroken": unbroken,
        "breakable": breakable,
        "anchor_of": lambda benchmark: anchor_of(analysis, benchmark),
    }
    return environment


def _benchmark_part(
    environment: "Environment", analysis: Analysis, benchmark: str, lines: Sequence[Answer]
) -> BenchmarkPart:
    own_answers = [answer for answer in lines if answer.benchmark == benchmark]
    return BenchmarkPart(
        name=benchmark_name(benchmark),
        n_problems=max((answer.n_problems for answer in own_answers), default=0),
        samples=analysis.sample_sizes[benchmark].in_words,
        anchor=anchor_of(analysis, benchmark),
        answers=own_answers,
        parts=list(_parts(environment, analysis, benchmark)),
    )


def _parts(environment: "Environment", analysis: Analysis, benchmark: str | None = None) -> Iterator[Part]:
    """The sections of a benchmark, or of the whole analysis, that have something to show."""
    from markupsafe import Markup

    for section in SECTIONS:
        content: Content = None
        anchor = section.name
        if benchmark is not None and section.of_benchmark is not None:
            content = section.of_benchmark(analysis, benchmark)
            anchor = anchor_of(analysis, benchmark)
        elif benchmark is None and section.of_analysis is not None:
            content = section.of_analysis(analysis)
        if content is not None:
            html = environment.get_template(section.template).render(
                {"anchor": anchor, "benchmark": benchmark, **content}
            )
            yield Part(section, section.title.format(**content), Markup(html))


def _printable(value: Any) -> Any:
    """A value as the page shows it; names from files may hold characters that reverse the direction of writing."""
    return type(value)(printable(str(value))) if isinstance(value, str) else value
