"""The URLs that pages contain, and the steps that read them."""

from urllib.parse import quote

import pytest

from support.shortener import OTHER, TARGET, Bench, answer, page, provider, to

LINK = {"use": "link", "selector": "a#go"}
FOLLOW = {"use": "follow"}


@pytest.mark.parametrize(
    "content",
    [
        f"0;url={TARGET}",
        f"0; URL='{TARGET}'",
        f'0; url = "{TARGET}" and more',
        f"0;{TARGET}",
        f"5, url={TARGET}",
        f"0 {TARGET}",
        f".5;URL={TARGET}",
        f" 1.5 ; {TARGET} ",
    ],
)
async def test_refresh_spellings(bench: Bench, content: str) -> None:
    """Every spelling of a refresh that browsers know works in a header and in a meta element."""
    bench.put("/header", answer(200, f"Refresh: {content}"))
    bench.put("/meta", page(f"<META content='{content.replace(chr(39), '&#39;')}' HTTP-EQUIV=Refresh>"))
    assert (await bench.resolve("http://s.test/header")).target_url == TARGET
    assert (await bench.resolve("http://s.test/meta")).target_url == TARGET


@pytest.mark.parametrize("content", ["5", "0;", "0; url=", "url=https://example.com/", "", "x;https://example.com/"])
async def test_refresh_without_a_url(bench: Bench, content: str) -> None:
    """A page that only reloads itself leads nowhere."""
    bench.put("/a", answer(200, f"Refresh: {content}", body=f'<p>Hi</p><meta http-equiv=refresh content="{content}">'))
    assert (await bench.resolve("http://s.test/a")).reason == "not_a_link"


async def test_refresh_within_noscript(bench: Bench) -> None:
    """A refresh in `noscript` is for visitors without scripts. It counts only if the page moves in no other way."""
    fallback = '<noscript><meta http-equiv="refresh" content="0;url=https://example.com/noscript"></noscript>'
    bench.put("/alone", page(fallback))
    bench.put("/script", page(f"{fallback}<script>location.replace('{TARGET}')</script>"))
    bench.put("/meta", page(f'{fallback}<meta http-equiv=refresh content="0;{TARGET}">'))
    assert (await bench.resolve("http://s.test/alone")).target_url == "https://example.com/noscript"
    assert (await bench.resolve("http://s.test/script")).target_url == TARGET
    assert (await bench.resolve("http://s.test/meta")).target_url == TARGET


async def test_refresh_in_a_comment(bench: Bench) -> None:
    """A refresh in an HTML comment is ignored."""
    bench.put("/a", page(f'<!-- <meta http-equiv=refresh content="0;{TARGET}"> --><p>Hi</p>'))
    assert (await bench.resolve("http://s.test/a")).reason == "not_a_link"


async def test_scripts_that_do_not_run(bench: Bench) -> None:
    """Data, templates and plain text are not scripts. Scripts in `noscript` do not run."""
    body = f'<script type="application/json">location="{TARGET}"</script><p>location="{TARGET}"</p>'
    body += f"<noscript><script>location='{TARGET}'</script></noscript>"
    bench.put("/a", page(body))
    bench.put("/b", answer(200, body=f"<script>location='{TARGET}'</script>", media_type="text/plain"))
    assert (await bench.resolve("http://s.test/a")).reason == "not_a_link"
    assert (await bench.resolve("http://s.test/b")).reason == "no_destination"


@pytest.mark.parametrize("kind", ["application/x-javascript", "text/x-javascript", "Text/JavaScript1.2", ""])
async def test_types_of_scripts(bench: Bench, kind: str) -> None:
    """A script of any type that browsers run is read."""
    bench.put("/a", page(f"<script type='{kind}'>location='{TARGET}'</script>"))
    assert (await bench.resolve("http://s.test/a")).target_url == TARGET


async def test_other_charsets(bench: Bench) -> None:
    """A page's own charset is used."""
    body = "<script>location='https://example.com/\xe9'</script>".encode("latin-1")
    head = f"HTTP/1.1 200 X\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Length: {len(body)}\r\n\r\n"
    bench.put("/a", head.encode() + body)
    assert (await bench.resolve("http://s.test/a")).target_url == "https://example.com/%C3%A9"


async def test_preview_page(bench: Bench) -> None:
    """A link step fetches the page that it needs, and takes the URL of the first matching element."""
    bench.put("/a", page(f"<a id=go href='{TARGET}?a=1&amp;b=2'>Go</a><a id=go href=/no>No</a>"))
    resolution = await bench.resolve("http://s.test/a", provider(steps=[LINK]))
    assert resolution.target_url == f"{TARGET}?a=1&b=2"
    assert [hop.mechanism for hop in resolution.hops] == ["page-link"]


async def test_fetch_follows_no_redirect(bench: Bench) -> None:
    """The step after `fetch` sees the first response, whatever it is."""
    bench.put("/a", to(TARGET))
    resolution = await bench.resolve("http://s.test/a", provider(steps=[{"use": "fetch"}, LINK]))
    assert (resolution.reason, bench.shortener.asked) == ("provider_changed", ["s.test/a"])


async def test_steps_that_find_nothing(bench: Bench) -> None:
    """A step that finds nothing says that the site changed, unless it is optional."""
    bench.put("/a", page(f"<a class=new href='{TARGET}'>Go</a>"))
    changed = await bench.resolve("http://s.test/a", provider(steps=[LINK]))
    assert changed.reason == "provider_changed"
    assert 'Step 1 ("link") of "s-test"' in (changed.detail or "")
    steps = [{**LINK, "optional": True}, {"use": "link", "selector": "a.new"}]
    assert (await bench.resolve("http://s.test/a", provider(steps=steps))).target_url == TARGET
    assert (await bench.resolve("http://s.test/a", provider(steps=steps[:1]))).reason == "not_a_link"


async def test_follow_then_link(bench: Bench) -> None:
    """The step `follow` ends at the first page that leads nowhere. The next step reads that page."""
    bench.put("/a", to("/b"))
    bench.put("/b", page(f"<a id=go href='{TARGET}'>Go</a>"))
    resolution = await bench.resolve("http://s.test/a", provider(steps=[{"use": "follow"}, LINK]))
    assert resolution.target_url == TARGET
    assert bench.shortener.asked == ["s.test/a", "s.test/b"]


async def test_link_to_another_link_of_the_same_provider(bench: Bench) -> None:
    """Steps that end at another link of the same provider begin again. Steps that end at its home page stop."""
    bench.put("/a", page("<a id=go href=/b>Go</a>"))
    bench.put("/b", page(f"<a id=go href='{TARGET}'>Go</a>"))
    bench.put("/c", page("<a id=go href=/>Go</a>"))
    assert (await bench.resolve("http://s.test/a", provider(steps=[LINK]))).target_url == TARGET
    assert (await bench.resolve("http://s.test/c", provider(steps=[LINK]))).reason == "no_destination"


@pytest.mark.parametrize(
    ("script", "step"),
    [
        (f"var dest = '{TARGET}';", {"name": "dest"}),
        (f'window.dest="{TARGET}"', {"name": "dest"}),
        (f'var vars = {{"a": {{}}, "dest": "{TARGET}"}};', {"name": "vars.dest"}),
        (f"vars.dest = '{TARGET}'", {"name": "vars.dest"}),
        (f"var a = {{ b: {{ c: '{TARGET}' }} }}", {"name": "a.b.c"}),
        (f'go("{TARGET}", 5)'.replace("/", r"\/"), {"pattern": r'go\("([^"]+)"'}),
    ],
)
async def test_script_value(bench: Bench, script: str, step: dict[str, str]) -> None:
    """The value of a variable or a pattern is taken, and its escapes are decoded."""
    bench.put("/a", page(f"<script>var mydest = '/no';</script><script>{script}</script>"))
    resolution = await bench.resolve("http://s.test/a", provider(steps=[{"use": "script_value", **step}]))
    assert resolution.target_url == TARGET
    assert [hop.mechanism for hop in resolution.hops] == ["script-value"]


@pytest.mark.parametrize(
    ("url", "step"),
    [
        (f"/out?u={TARGET}", {"use": "from_query", "param": "u"}),
        ("/out?a=b&u=https%3A%2F%2Fexample.com%2Ftarget&c", {"use": "from_query", "param": "u"}),
        ("/out?u=https%253A%252F%252Fexample.com%252Ftarget", {"use": "from_query", "param": "u", "decode": ["uri"]}),
        (f"/?{TARGET}", {"use": "from_query"}),
        ("/go/aHR0cHM6Ly9leGFtcGxlLmNvbS90YXJnZXQ", {"use": "from_path", "segment": 1, "decode": ["base64url"]}),
        ("/go/https%3A%2F%2Fexample.com%2Ftarget", {"use": "from_path", "segment": -1, "decode": ["uri"]}),
        ("/x#68747470733a2f2f6578616d706c652e636f6d2f746172676574", {"use": "from_fragment", "decode": ["hex"]}),
        ("/x#QXZ", {"use": "from_fragment", "decode": ["base64"]}),
    ],
)
async def test_destination_within_the_url(bench: Bench, url: str, step: dict[str, object]) -> None:
    """A destination in the URL is taken without a request. Other text in the URL is not taken for one."""
    everything = provider(match={"path": ""}, steps=[step])
    resolution = await bench.resolve(f"http://s.test{url}", everything)
    if "QXZ" in url:
        assert resolution.reason == "no_destination"
    else:
        assert resolution.target_url == TARGET
    assert bench.shortener.asked == []


@pytest.mark.parametrize(
    ("value", "target"),
    [
        ("https://example.com/a%20b%2F?c+d", "https://example.com/a%20b%2F?c+d"),
        ("https://example.com/?u=https%3A%2F%2Fe.test%3Fa%3D1", "https://example.com/?u=https%3A%2F%2Fe.test%3Fa%3D1"),
        ("https://example.com/watch?v%3DdQw4&sa=D", "https://example.com/watch?v=dQw4"),
        ("https://example.com/a%3Fb%3D1%26c%3D2", "https://example.com/a?b=1&c=2"),
        ("https%3A%2F%2Fexample.com%2Fcaf%E9", "https://example.com/caf%E9"),
        ("https://example.com/?a=1%26b=2%23c", "https://example.com/?a=1&b=2#c"),
        ("%20%09https%3A%2F%2Fexample.com%2F%20", "https://example.com/"),
        ("%20https%253A%252F%252Fexample.com%252Fa", "https://example.com/a"),
        ("https:%252F%252Fexample.com%252Fa", "https://example.com/a"),
        ("https%253A//example.com/a%2526b", "https://example.com/a%26b"),
        ("//example.com/a", "http://example.com/a"),
        ("//example", None),
        ("/example.com/a", None),
    ],
)
async def test_embedded_spelling(bench: Bench, value: str, target: str | None) -> None:
    """A URL in the query keeps its escapes. If its delimiters are escaped, it is decoded. A path is not a URL."""
    step = {"use": "from_query", "param": "u"}
    resolution = await bench.resolve(f"http://s.test/o?u={value}", provider(steps=[step]))
    assert resolution.target_url == target


@pytest.mark.parametrize("before", ["", "?", "!", "!?", "/", "/?", "!/", "!/page?a=b&", "a=b&", "&", "/page?"])
@pytest.mark.parametrize("target", ["https://example.com/?dest=https://b.test/", "https://example.com/a#b"])
async def test_parameter_in_a_fragment(bench: Bench, before: str, target: str) -> None:
    """A parameter is found after the marks and the page of a router, and not inside the value of another one."""
    everything = provider(match={"path": ""}, steps=[{"use": "from_fragment", "param": "dest"}])
    for value in (target, quote(target, safe="")):
        resolution = await bench.resolve(f"http://s.test/#{before}dest={value}", everything)
        assert resolution.target_url == target


@pytest.mark.parametrize("before", ["", "?", "!", "/", "!/", "#"])
async def test_url_in_a_fragment(bench: Bench, before: str) -> None:
    """Marks may stand before a URL that is the whole fragment. A path is not a URL."""
    everything = provider(match={"path": ""}, steps=[{"use": "from_fragment"}])
    for value in (TARGET, quote(TARGET, safe="")):
        assert (await bench.resolve(f"http://s.test/#{before}{value}", everything)).target_url == TARGET
    assert (await bench.resolve(f"http://s.test/#{before}example.com/a", everything)).reason == "no_destination"


async def test_targets_of_other_schemes_are_passed_over(bench: Bench) -> None:
    """A link that opens an application, or a place in the page, is skipped if there is another link."""
    bench.put(
        "/b",
        answer(
            body=f'<a class=c href="javascript:void(0)">x</a><a class=c href="#">x</a><a class=c href="{TARGET}">y</a>'
        ),
    )
    step = {"use": "link", "selector": "a.c"}
    assert (await bench.resolve("http://s.test/b", provider(steps=[step]))).target_url == TARGET
    bench.put("/c", answer(body='<script>location.href = "myapp://open/1"</script>'))
    assert (await bench.resolve("http://s.test/c")).reason == "bad_scheme"


async def test_embedded_links_of_others_are_followed(bench: Bench) -> None:
    """A link of another provider in the URL is followed."""
    bench.put("/b", to(TARGET), host=OTHER)
    step = {"use": "from_query", "param": "u"}
    resolution = await bench.resolve("http://s.test/o?u=http://other.test/b", provider(steps=[step]), provider(OTHER))
    assert [hop.mechanism for hop in resolution.hops] == ["query", "location-header"]
    assert resolution.target_url == TARGET


WARNING = {"use": "from_query", "param": "to", "path": "^/warning$", "warning": True, "optional": True}


@pytest.mark.parametrize("first", [{"use": "fetch"}, FOLLOW])
async def test_warning_pages_are_passed(bench: Bench, first: dict[str, str]) -> None:
    """A warning page is not fetched if its URL contains the destination. The trace says that it was a warning page."""
    bench.put("/a", to(f"/warning?to={TARGET}"))
    bench.put("/warning?to=x", page("<p>Stop"))
    steps = [WARNING, FOLLOW] if first == FOLLOW else [first, FOLLOW, WARNING]
    resolution = await bench.resolve("http://s.test/a", provider(steps=steps))
    assert resolution.target_url == TARGET
    assert [hop.mechanism for hop in resolution.hops] == ["location-header", "warning-page"]
    assert bench.shortener.asked == ["s.test/a"]


async def test_warning_pages_without_a_destination(bench: Bench) -> None:
    """A warning page without a destination in its URL is read like any other page."""
    bench.put("/a", to("/warning?to=x"))
    bench.put("/warning?to=x", page(f"<a id=go href='{TARGET}'>Go</a>"))
    link = {"use": "link", "selector": "#go", "warning": True}
    resolution = await bench.resolve("http://s.test/a", provider(steps=[WARNING, FOLLOW, link]))
    assert resolution.target_url == TARGET
    assert [hop.mechanism for hop in resolution.hops] == ["location-header", "warning-page"]


async def test_urls_of_other_paths_are_not_read(bench: Bench) -> None:
    """A parameter counts only in a URL that the step reads."""
    bench.put("/a?to=https://wrong.test/", to(TARGET))
    resolution = await bench.resolve("http://s.test/a?to=https://wrong.test/", provider(steps=[WARNING, FOLLOW]))
    assert resolution.target_url == TARGET


async def test_carried_pages_of_the_same_site(bench: Bench) -> None:
    """A URL within a URL is the destination, also on the provider's own host, unless it is another link there."""
    step = {"use": "from_query", "param": "u"}
    own = provider(match={"path": "^/out$"}, steps=[step])
    page_of_site = await bench.resolve("http://s.test/out?u=http://s.test/welcome", own)
    link_of_site = await bench.resolve(f"http://s.test/out?u=http://s.test/out?u={TARGET}", own)
    assert (page_of_site.target_url, link_of_site.target_url) == ("http://s.test/welcome", TARGET)


async def test_links_that_carry_nothing(bench: Bench) -> None:
    """Steps that find nothing in the URL end the link at once, without a request."""
    step = {"use": "from_query", "param": "u", "optional": True}
    resolution = await bench.resolve("http://s.test/out?x=y", provider(steps=[step]))
    assert (resolution.reason, resolution.hops[0].status) == ("no_destination", None)
    assert bench.shortener.asked == []


@pytest.mark.parametrize(
    ("path", "step"),
    [
        (f"/x/{TARGET}?a=b", {"use": "from_path", "segment": 1, "rest": True}),
        (f"/x/{TARGET}?a=b", {"use": "from_path", "segment": -4, "rest": True}),
        (f"/x#?dest={TARGET}%3Fa%3Db&z", {"use": "from_fragment", "param": "dest"}),
        (f"/x#/go?z&dest={TARGET}%3Fa%3Db", {"use": "from_fragment", "param": "dest"}),
        (f"/x#z&dest={TARGET}%3Fa%3Db", {"use": "from_fragment", "param": "dest"}),
        (f"/x#dest={TARGET}?a=b", {"use": "from_fragment", "param": "dest"}),
        (f"/x#!dest={TARGET}?a=b", {"use": "from_fragment", "param": "dest"}),
    ],
)
async def test_rest_of_the_path_and_parameters_of_the_fragment(
    bench: Bench, path: str, step: dict[str, object]
) -> None:
    """The rest of the path includes the query. A fragment may have parameters."""
    resolution = await bench.resolve(f"http://s.test{path}", provider(steps=[step]))
    assert resolution.target_url == f"{TARGET}?a=b"


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        (f"<p class=url> {TARGET} </p>", None),
        (f"<p class=url>It leads to <b>{TARGET}</b> now</p>", None),
        (f"<p class=url>No URL</p><p class=url>{TARGET}</p>", None),
        ("<p class=url>/target</p>", "provider_changed"),
        (f"<p>{TARGET}</p>", "provider_changed"),
    ],
)
async def test_text_of_an_element(bench: Bench, html: str, reason: str | None) -> None:
    """A destination in the text of an element is taken if it is an absolute URL."""
    bench.put("/a", page(html))
    step = {"use": "link", "selector": "p.url", "attr": "#text"}
    resolution = await bench.resolve("http://s.test/a", provider(steps=[step]))
    assert (resolution.reason, resolution.target_url) == (reason, None if reason else TARGET)
