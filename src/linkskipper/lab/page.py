"""The lab's front page: every link, what it does, and its outcome."""

import shlex
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

from linkskipper.lab.site import Site, SiteLink
from linkskipper.lab.wire import page

LAYOUT = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))


def front_page(sites: Sequence[Site], *, secure: str, ca_file: Path, env_file: Path, command: str) -> bytes:
    """Return the whole response. `secure` is the address and port of HTTPS."""
    html = LAYOUT.substitute(
        total=sum(len(site.links) for site in sites),
        contents="\n".join(f'<li><a href="#{site.name}">{escape(site.title)}</a></li>' for site in sites),
        sections="\n".join(_section(site) for site in sites),
        example=escape(sites[0].url(sites[0].links[0])),
        secure=escape(secure),
        ca_file=escape(shlex.quote(str(ca_file))),
        env_file=escape(shlex.quote(str(env_file))),
        command=escape(shlex.quote(command)),
    )
    return page(html)


def _section(site: Site) -> str:
    rows = "\n".join(_row(site, link) for link in site.links)
    return (
        f'<section id="{site.name}" aria-labelledby="{site.name}-title">\n'
        f'<h2 id="{site.name}-title">{escape(site.title)}</h2>\n'
        f'<p class="host">{site.host}</p>\n<p>{site.about}</p>\n<ul class="links">\n{rows}\n</ul>\n</section>'
    )


def _row(site: Site, link: SiteLink) -> str:
    return (
        f'<li><p class="about">{escape(link.about)}</p><code class="url">{escape(site.url(link))}</code>'
        f"{_outcome(link)}</li>"
    )


def _outcome(link: SiteLink) -> str:
    if link.target is not None:
        return f'<p class="target"><span>leads to</span> <code>{escape(link.target)}</code></p>'
    return f'<p class="reason"><span>stops with</span> <code>{escape(link.reason or "")}</code></p>'
