"""Messages of shorteners about links that do not exist, and texts that only mention such links."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkskipper.resolver.pages.removed import says_removed

MESSAGES = [
    "Invalid or expired link",
    "This link has reached its maximum number of clicks",
    "This link has been visited too many times",
    "Link limit reached",
    "This link is currently unavailable",
    "Sorry, we can't find what you're looking for",
    "This link was reported and removed",
    "The user who created this link has been banned",
    "This link violates our terms of service",
    "This bit.ly link has been disabled",
    "Hmm, this link doesn't seem to exist",
    "No URL found for this code",
    "Nothing here",
    "Der angeforderte Link konnte nicht gefunden werden",
    "Diese Kurz-URL existiert nicht",
    "Le lien que vous avez suivi n'est plus valide",
    "El enlace que buscas no existe",
    "O link que você procura não existe",
    "Срок действия этой ссылки истек",
    "Tautan sudah kedaluwarsa",
    "找不到網頁",
    "このリンクは有効期限が切れています",
    "הקישור לא נמצא",
    "Ο σύνδεσμος έχει λήξει",
    "Linket findes ikke",
    "Lenken har utløpt",
    "Sivua ei löytynyt",
    "A link lejárt",
    "Страницата не е намерена",
    "Stranica nije pronađena",
    "Stránka sa nenašla",
    "Pautan tidak dijumpai",
    "This link has expired.",
    "URL not found",
    "Link Not Found",
    "404 - Page not found",
    "Sorry, this link has expired",
    "Kutt.it | Link not found",
    "The short URL you requested could not be found",
    "Link has been banned and removed because of malware or scam",
    "This link was disabled",
    "ERROR: The requested URL was not found on this server.",
    "Whoops, looks like this link doesn't exist",
    "We could not find that link",
    "This short link no longer exists",
    "The link you followed has expired",
    "Invalid link",
    "Expired Link",
    "Link expired",
    "Short link is invalid",
    "Banned Link – Dub.co",
    "Link (abc) could not be found",
    "URL expired",
    "Alias does not exist",
    "Dieser Link ist abgelaufen",
    "Der angeforderte Link wurde nicht gefunden",
    "Ce lien a expiré",
    "Désolé, cette page introuvable",
    "Este enlace ha caducado",
    "Este link expirou",
    "Questo link è scaduto",
    "Ссылка не найдена",
    "Срок действия ссылки истёк",
    "Bu bağlantı bulunamadı",
    "该链接已失效",
    "抱歉，您访问的页面不存在",
    "このリンクは無効です",
    "ページが見つかりません",
    "만료된 링크입니다",
    "Tautan tidak ditemukan",
    "Liên kết không tồn tại",
    "الرابط غير موجود",
    '{"error":"Link not found"}',
    "The link has reached its click limit",
    "This link is no longer active",
    "Not Found",
    "404 Not Found",
    "Link has expired or been deleted",
    "This page could not be found",
    "The page you are looking for does not exist",
    "The link was removed by its owner",
    "The URL https://s.test/abc was not found",
    "Your link expired",
    "The link is unavailable",
]
OTHERS = [
    "Nothing here but love",
    "Find broken links on your site",
    "Links that never expire",
    "Missing persons report",
    "Expired domains for sale",
    "The missing link",
    "Hvordan linket findes ikke",
    "Miten linkki on vanhentunut",
    "Some say this link has expired",
    "How to fix Page not found errors",
    "When your link has expired: what to do",
    "My expired links and other stories",
    "Expired domains",
    "This page explains why links expired",
    "What to do if a page is not found",
    "Page removed from my book: a poem",
    "Lost and not found again by a page turner",
    "Wie man einen Link repariert, der abgelaufen ist",
    "Warum ein Link abgelaufen ist",
    "Comment réparer un lien expiré",
    "Как исправить: почему ссылка не найдена",
    "如何处理链接不存在",
    "The page about expired passports",
    "Your coupon has expired",
    "The contract expired",
    "You are leaving",
    "Link building for beginners",
    "The page that found love",
    "Welcome",
    "Link in bio",
    "The link between smoking and cancer was found",
    "The best link shortener is available",
    "Removed scenes",
    "リンクが見つかりませんとは",
]


@pytest.mark.parametrize("text", MESSAGES)
def test_messages(text: str) -> None:
    """A message at the beginning of a sentence is recognised, in any of the common languages, and in any case."""
    assert says_removed(text)
    assert says_removed(f"Example | {text.upper()} - Example")


@pytest.mark.parametrize("text", OTHERS)
def test_other_texts(text: str) -> None:
    """Articles about expired links and words that resemble a message are not recognised as a message."""
    assert not says_removed(text)
    assert not says_removed(f"Example - {text} | Example")


@given(st.text())
def test_any_text(text: str) -> None:
    """Any text is recognised or not. None raises an error."""
    assert says_removed(text) in {True, False}


@pytest.mark.parametrize("unit", ["sorry ", "link you ", "the ", "(", "'a' ", "a/b ", "\u3002", ". ", "page not "])
def test_linear_time(unit: str) -> None:
    """A long text takes a time in proportion to its length, whatever it repeats."""
    begin = time.process_time()
    says_removed(unit * 100_000)
    assert time.process_time() - begin < 1
