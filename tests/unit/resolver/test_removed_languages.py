"""Sentences in all languages: what live pages say, what passes, and what shorteners say about links that are gone."""

import tomllib
from importlib.resources import files

import pytest

from linkskipper.resolver.pages.removed import says_removed
from support.removed_corpus import GONE, LIVE

FILE = tomllib.loads(files("linkskipper.resolver.pages").joinpath("removed.toml").read_text(encoding="utf-8"))
LANGUAGES = [name for name, entry in FILE.items() if isinstance(entry, dict)]


@pytest.mark.parametrize("language", LIVE)
def test_live_pages(language: str) -> None:
    """Sentences of shops, news and servers under maintenance are not messages, with or without a full stop."""
    taken = [text for text in LIVE[language] if says_removed(text) or says_removed(f"Shop | {text.upper()}. Example")]
    assert taken == []


@pytest.mark.parametrize("language", GONE)
def test_removed_links(language: str) -> None:
    """Messages of shorteners are recognised, whatever stands around them."""
    missed = [text for text in GONE[language] if not (says_removed(text) and says_removed(f"X | {text.upper()}."))]
    assert missed == []


def test_every_language_has_sentences() -> None:
    """Each language of the file has sentences of both kinds, and at least eight of live pages."""
    assert [name for name in LANGUAGES if len(LIVE.get(name, ())) < 8 or len(GONE.get(name, ())) < 4] == []


PASSING = [
    ("This link is unavailable", "We will be back shortly after maintenance."),
    ("This page isn't available", "Please come back later."),
    ("Diese Seite ist nicht erreichbar", "Wir arbeiten an der Wartung unserer Server."),
    ("Cette page n'est pas disponible", "Une maintenance est en cours."),
    ("La página no está disponible", "Vuelve más tarde."),
    ("Страница недоступна", "Зайдите позже."),
    ("页面不可用", "系统维护中。"),
    ("ページは利用できません", "メンテナンス中です。"),
]


@pytest.mark.parametrize(("message", "around"), PASSING)
def test_what_may_pass(message: str, around: str) -> None:
    """A page that does not work is gone, unless it says that this passes, or its server fails."""
    assert says_removed(message)
    assert not says_removed(message, around=around)
    assert not says_removed(f"{message}. {around}")
    assert not says_removed(message, for_good=True)


@pytest.mark.parametrize(
    "message",
    ["This link has been deleted", "Dieser Link existiert nicht", "Ce lien a expiré", "链接已过期", "URL not found"],
)
def test_what_is_for_good(message: str) -> None:
    """A link that was deleted, has expired or does not exist is gone, whatever else the page says."""
    assert says_removed(message, around="Please come back later.", for_good=True)
