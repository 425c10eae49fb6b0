"""The page that explains every error code. The `type` of each problem document leads to it."""

from linkskipper.api.pages.html import html_page, html_text
from linkskipper.api.problems import explanation, problem_types
from linkskipper.api.responses import ApiResponse
from linkskipper.errors import ApiError

INTRODUCTION = (
    "Every error is an RFC 9457 problem document. Its `code` is one of the codes below. Its `detail` says what to do. "
    "Its `type` leads here. A call that ends with an error costs nothing."
)
HEADER = f"""<header>
<h1>Errors</h1>
<p class="lead">{html_text(INTRODUCTION)} The <a href="/docs">reference</a> describes the calls.</p>
</header>"""


def errors_page() -> ApiResponse:
    """Return the page."""
    sections = "\n".join(_section(error) for error in problem_types())
    return html_page("Errors · Link Skipper API", f'{HEADER}\n<main class="errors">\n{sections}\n</main>')


def _section(error: type[ApiError]) -> str:
    paragraphs = "".join(f"<p>{html_text(paragraph)}</p>" for paragraph in explanation(error))
    return (
        f'<section id="{error.code}"><h2><code>{error.code}</code> <small>{error.status}</small></h2>'
        f"<h3>{error.title}</h3>{paragraphs}</section>"
    )
