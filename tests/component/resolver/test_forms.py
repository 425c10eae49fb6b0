"""Forms as browsers send them: from a page's HTML to the request, by the HTML standard."""

import re

import pytest

from support.shortener import TARGET, Bench, answer, header, page, provider, to

HOST = "http://s.test"
SUBMIT = provider(steps=[{"use": "submit", "selector": "form#f"}, {"use": "follow"}])


def form(fields: str, attributes: str = "method=post action=/go") -> str:
    return f"<form id=f {attributes}>{fields}</form>"


async def sent(bench: Bench, html: str, *, charset: str = "utf-8", selector: str = "form#f") -> tuple[str, str, bytes]:
    """The head's first line, the content type and the body that a form's page makes the resolver send."""
    body = html.encode(charset)
    kind = f"text/html; charset={charset}"
    head = f"HTTP/1.1 200 X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    bench.put("/dir/a?x=1", head.encode() + body)
    bench.shortener.otherwise = to(TARGET)
    steps = [{"use": "submit", "selector": selector}, {"use": "follow"}]
    await bench.resolve(f"{HOST}/dir/a?x=1#part", provider(steps=steps))
    if len(bench.shortener.heads) == 1:
        return "", "", b""
    head_sent = bench.shortener.heads[1]
    first = head_sent.split("\r\n")[0].removesuffix(" HTTP/1.1")
    return first, header(head_sent, "content-type") or "", bench.shortener.bodies[1]


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ("", ""),
        ("<input name=a value=1><input type=hidden name=b value=2>", "a=1&b=2"),
        ("<input name=a><input value=1><input name='' value=2>", "a="),
        ("<input name=a value=1 disabled><input name=b value=2 readonly>", "b=2"),
        ("<INPUT NAME=a TYPE=HIDDEN VALUE=1>", "a=1"),
        ("<input name=a type=whatever value=1>", "a=1"),
        ("<input name=a value='x&amp;y=z'>", "a=x%26y%3Dz"),
        ("<input name='_Token[fields]' value='a%b:c|d'>", "_Token%5Bfields%5D=a%25b%3Ac%7Cd"),
        ("<input name='a b' value=\"*-._~+ '()!\">", "a+b=*-._%7E%2B+%27%28%29%21"),
        ("<input name=a value=\u00e9\u20ac>", "a=%C3%A9%E2%82%AC"),
        ("<input name=a value='1\n2'><input type=hidden name=b value='1\n2'>", "a=12&b=1%0D%0A2"),
        ("<input type=email name=a value=' x@y.test '><input type=url name=b value=' u '>", "a=x%40y.test&b=u"),
        ("<input type=number name=a value=1e3><input type=number name=b value=x>", "a=1e3&b="),
        ("<input type=range name=a><input type=color name=b><input type=color name=c value=#ABCDEF>",
         "a=50&b=%23000000&c=%23abcdef"),
        ("<input type=checkbox name=a><input type=checkbox name=b checked><input type=checkbox name=c checked value=>",
         "b=on&c="),
        ("<input type=checkbox name=a value=1 checked><input type=checkbox name=a value=2 checked>", "a=1&a=2"),
        ("<input type=radio name=a value=1><input type=radio name=a value=2 checked>", "a=2"),
        ("<input type=radio name=a value=1 checked><input type=radio name=a value=2 checked>", "a=2"),
        ("<input type=radio name=a value=1>", ""),
        ("<select name=a><option>1<option>2</select>", "a=1"),
        ("<select name=a><option disabled>1<option>2</select>", "a=2"),
        ("<select name=a><optgroup disabled><option>1</optgroup><option>2</select>", "a=2"),
        ("<select name=a><option value=x selected>1<option value=y selected>2</select>", "a=y"),
        ("<select name=a><option selected disabled value=x>1<option>2</select>", ""),
        ("<select name=a multiple><option selected>1<option>2<option selected>3</select>", "a=1&a=3"),
        ("<select name=a multiple><option>1</select><select name=b size=3><option>1</select>", ""),
        ("<select name=a></select>", ""),
        ("<select name=a><option>  two \n words </select>", "a=two+words"),
        ("<select name=a><option value=''>none</select>", "a="),
        ("<textarea name=a>\n1\n2</textarea>", "a=1%0D%0A2"),
        ("<textarea name=a>\n\n<b>&amp;</b></textarea>", "a=%0D%0A%3Cb%3E%26%3C%2Fb%3E"),
        ("<input type=file name=a>", "a="),
        ("<input type=hidden name=_charset_ value=x><input name=_charset_ value=y>", "_charset_=UTF-8&_charset_=y"),
        (("<fieldset disabled><legend><input name=a value=1></legend><legend><input name=b value=2></legend>"
         "<input name=c value=3></fieldset>"), "a=1"),
        ("<datalist><input name=a value=1><select name=b><option>1</select></datalist><input name=c value=3>", "c=3"),
        ("<input name=a value=1 dirname=a.dir><div dir=rtl><textarea name=b dirname=b.dir></textarea></div>",
         "a=1&a.dir=ltr&b=&b.dir=rtl"),
        ("<template><input name=a value=1></template><input name=b value=2>", "b=2"),
        ("<!-- <input name=a value=1> --><input name=b value=2>", "b=2"),
        ("<object name=a></object><output name=b>1</output><meter name=c value=1></meter>", ""),
    ],
)  # fmt: skip
async def test_entries(bench: Bench, fields: str, body: str) -> None:
    """A form sends the fields that the HTML standard says."""
    assert await sent(bench, form(fields)) == ("POST /go", "application/x-www-form-urlencoded", body.encode())


@pytest.mark.parametrize(
    ("buttons", "selector", "body"),
    [
        ("<button name=go value=1>Go</button>", "#f", "a=0&go=1"),
        ("<button name=go>Go</button>", "#f", "a=0&go="),
        ("<button>Go</button><button name=go value=2>Go</button>", "#f", "a=0"),
        ("<button name=go value=1>1</button><button name=go value=2 id=two>2</button>", "#two", "a=0&go=2"),
        ("<input type=submit name=go value=1>", "#f", "a=0&go=1"),
        ("<input type=submit name=go>", "#f", "a=0&go="),
        ("<button type=button name=no>1</button><button type=reset name=no>2</button><input type=button name=no>",
         "#f", "a=0"),
        ("<button type=nonsense name=go value=1>Go</button>", "#f", "a=0&go=1"),
        ("<button disabled name=go value=1>1</button><button name=go value=2>2</button>", "#f", "a=0&go=2"),
        ("<button disabled name=go value=1>1</button>", "#f", "a=0"),
        ("<button disabled name=go value=1 id=one>1</button>", "#one", "a=0&go=1"),
        ("<input type=image name=i src=x>", "#f", "a=0&i.x=0&i.y=0"),
        ("<input type=image src=x>", "#f", "a=0&x=0&y=0"),
        ("</form><button form=f name=go value=1>Go</button>", "#f", "a=0&go=1"),
        ("</form><button form=f name=go value=1 id=one>Go</button>", "#one", "a=0&go=1"),
        ("<button form=other name=go value=1>1</button>", "#f", "a=0"),
    ],
)  # fmt: skip
async def test_buttons(bench: Bench, buttons: str, selector: str, body: str) -> None:
    """Only the clicked button is sent: the named one, or else the first that can be clicked."""
    html = form(f"<input name=a value=0>{buttons}")
    assert (await sent(bench, html, selector=selector))[2] == body.encode()


@pytest.mark.parametrize(
    ("attributes", "button", "line"),
    [
        ("method=post action=/go", "", "POST /go"),
        ("method=POST action=go", "", "POST /dir/go"),
        ("method=post action=go?y=2#there", "", "POST /dir/go?y=2"),
        ("method=post action=?y=2", "", "POST /dir/a?y=2"),
        ("method=post action=//s.test/go", "", "POST /go"),
        ("method=post action=' /go '", "", "POST /go"),
        ("method=post action=''", "", "POST /dir/a?x=1"),
        ("method=post", "", "POST /dir/a?x=1"),
        ("method=get action=/go?old=1", "", "GET /go?a=0"),
        ("action=/go", "", "GET /go?a=0"),
        ("method=put action=/go", "", "GET /go?a=0"),
        ("action=''", "", "GET /dir/a?a=0"),
        ("enctype=multipart/form-data action=/go", "", "GET /go?a=0"),
        ("method=dialog action=/go", "", ""),
        ("method=post action=/go", "<button formmethod=dialog>", ""),
        ("method=post action=/go", "<button formaction=/on>", "POST /on"),
        ("method=post action=/go", "<button formaction=''>", "POST /dir/a?x=1"),
        ("method=post action=/go", "<button formmethod=get>", "GET /go?a=0"),
        ("action=/go", "<button formmethod=post>", "POST /go"),
        ("method=post action=/go", "<button formmethod=nonsense>", "GET /go?a=0"),
        ("method=post action=/go", "<input name=b required>", "POST /go"),
        ("method=post action=/go", "<input name=b required><button>", ""),
        ("method=post action=/go", "<input type=checkbox name=b required><button>", ""),
        ("method=post action=/go", "<input type=radio name=b required><input type=radio name=b checked><button>",
         "POST /go"),
        ("method=post action=/go", "<input name=b required readonly><button>", "POST /go"),
        *(("method=post action=/go", f"<input type={kind} name=b required><button>", "POST /go")
          for kind in ("hidden", "submit", "image", "reset", "button", "range", "color")),
        ("method=post action=/go", "<datalist><input name=b required></datalist><button>", "POST /go"),
        ("method=post action=/go novalidate", "<input name=b required><button>", "POST /go"),
        ("method=post action=/go", "<input name=b required><button formnovalidate>", "POST /go"),
    ],
)  # fmt: skip
async def test_action_and_method(bench: Bench, attributes: str, button: str, line: str) -> None:
    """A form without an action goes to the page. GET replaces the action's query. A button may overrule its form."""
    assert (await sent(bench, form(f"<input type=hidden name=a value=0>{button}", attributes)))[0] == line


async def test_base_element(bench: Bench) -> None:
    """An action is relative to the base element. An empty action is the page itself, even then."""
    base = "<base href=/other/>"
    assert (await sent(bench, base + form("", "method=post action=go")))[0] == "POST /other/go"
    bench.shortener.heads.clear()
    assert (await sent(bench, base + form("", "method=post action=''")))[0] == "POST /dir/a?x=1"


@pytest.mark.parametrize(
    ("html", "body"),
    [
        (("<input form=f name=a value=1><form id=f method=post action=/go><input name=b value=2></form>"
         "<input form=f name=c value=3>"), "a=1&b=2&c=3"),
        (("<form id=f method=post action=/go><input name=a value=1><input form=g name=b value=2></form>"
         "<form id=g><input form=f name=c value=3></form>"), "a=1&c=3"),
        ("<table><form id=f method=post action=/go><tr><td><input name=a value=1></td></tr></form></table>", "a=1"),
        ("<form id=f method=post action=/go><div><p><input name=a value=1></div></form><input name=b>", "a=1"),
        ("<form id=f method=post action=/go><form id=g><input name=a value=1></form>", "a=1"),
        ("<form id=f method=post action=/go><input name=a value=1>", "a=1"),
    ],
)  # fmt: skip
async def test_form_owner(bench: Bench, html: str, body: str) -> None:
    """A control belongs to the form around it, to the form that it names, or to the form that a table split from it."""
    assert (await sent(bench, html))[2] == body.encode()


@pytest.mark.parametrize(
    ("charset", "attributes", "body"),
    [
        ("windows-1252", "", "a=%E9%80&_charset_=windows-1252"),
        ("iso-8859-1", "", "a=%E9%80&_charset_=windows-1252"),  # which is what browsers take latin1 for
        ("windows-1252", "accept-charset='nonsense UTF-8 latin1'", "a=%C3%A9%E2%82%AC&_charset_=UTF-8"),
        ("utf-8", "accept-charset=latin1", "a=%E9%80&_charset_=windows-1252"),
        ("utf-8", "accept-charset=nonsense", "a=%C3%A9%E2%82%AC&_charset_=UTF-8"),
        ("utf-8", "accept-charset=utf-16", "a=%C3%A9%E2%82%AC&_charset_=UTF-8"),
        ("iso-8859-15", "", "a=%E9%A4&_charset_=ISO-8859-15"),
    ],
)
async def test_charsets(bench: Bench, charset: str, attributes: str, body: str) -> None:
    """A form is sent in the page's charset, or in the first known charset that it accepts."""
    fields = "<input name=a value='&eacute;&euro;'><input type=hidden name=_charset_>"
    html = form(fields, f"method=post action=/go {attributes}")
    assert (await sent(bench, html, charset=charset))[2] == body.encode()


async def test_what_a_charset_lacks(bench: Bench) -> None:
    """A character that the charset lacks is sent as a character reference, as browsers do."""
    assert (await sent(bench, form("<input name=a value=&#9731;>"), charset="iso-8859-2"))[2] == b"a=%26%239731%3B"


async def test_multipart(bench: Bench) -> None:
    """Each entry is a part with an escaped name. A file control sends an empty file."""
    fields = "<input name='a\"b\nc' value='1\n\"2\"'><input type=hidden name=h value='1\n2'><input type=file name=f>"
    _, kind, body = await sent(bench, form(fields, "method=post action=/go enctype=multipart/form-data"))
    boundary = re.fullmatch("multipart/form-data; boundary=([A-Za-z0-9-]{30,70})", kind)
    assert boundary is not None
    mark = f"--{boundary[1]}".encode()
    assert body == (
        mark + b'\r\nContent-Disposition: form-data; name="a%22b%0D%0Ac"\r\n\r\n1"2"\r\n'
        + mark + b'\r\nContent-Disposition: form-data; name="h"\r\n\r\n1\r\n2\r\n'
        + mark + b'\r\nContent-Disposition: form-data; name="f"; filename=""\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n\r\n" + mark + b"--\r\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("attributes", "button", "kind", "body"),
    [
        ("enctype=text/plain", "", "text/plain", b"a=1 2\r\nb=\xc3\xa9\r\n"),
        ("enctype=TEXT/PLAIN", "", "text/plain", b"a=1 2\r\nb=\xc3\xa9\r\n"),
        ("enctype=nonsense", "", "application/x-www-form-urlencoded", b"a=1+2&b=%C3%A9"),
        ("enctype=text/plain", "<button formenctype=nonsense>", "application/x-www-form-urlencoded", b"a=1+2&b=%C3%A9"),
        ("", "<button formenctype=text/plain>", "text/plain", b"a=1 2\r\nb=\xc3\xa9\r\n"),
    ],
)
async def test_encodings(bench: Bench, attributes: str, button: str, kind: str, body: bytes) -> None:
    """The encoding is that of the form, or of its button. An unknown encoding counts as urlencoded."""
    html = form(
        f"<input name=a value='1 2'><input name=b value=\u00e9>{button}", f"method=post action=/go {attributes}"
    )
    assert (await sent(bench, html))[1:] == (kind, body)


async def test_headers_of_a_form(bench: Bench) -> None:
    """The request of a form has the page as Referer, its length, and the origin if it is a POST."""
    bench.put("/a?x=1", page(form("<input name=a value=1>")))
    bench.put("/go", to(TARGET))
    assert (await bench.resolve(f"{HOST}/a?x=1#part", SUBMIT)).target_url == TARGET
    first, second = bench.shortener.heads
    assert (header(first, "referer"), header(first, "origin")) == (None, None)
    assert (header(second, "referer"), header(second, "origin")) == (f"{HOST}/a?x=1", HOST)
    assert header(second, "content-length") == "3"
    assert header(second, "x-requested-with") is None


async def test_empty_post(bench: Bench) -> None:
    """A form without fields is sent with an empty body."""
    bench.put("/a", page(form("")))
    bench.put("/go", to(TARGET))
    assert (await bench.resolve(f"{HOST}/a", SUBMIT)).target_url == TARGET
    assert header(bench.shortener.heads[1], "content-length") == "0"


@pytest.mark.parametrize(("status", "line"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
async def test_redirects_of_a_form(bench: Bench, status: int, line: str) -> None:
    """301, 302 and 303 lead to a request for the next page. 307 and 308 send the whole form again."""
    bench.put("/a", page(form("<input name=a value=1>")))
    bench.put("/go", to("/on", status=status))
    bench.put("/on", to(TARGET))
    assert (await bench.resolve(f"{HOST}/a", SUBMIT)).target_url == TARGET
    last = bench.shortener.heads[2]
    assert last.startswith(f"{line} /on ")
    assert header(last, "referer") == f"{HOST}/a"
    assert header(last, "origin") == (HOST if line == "POST" else None)
    assert bench.shortener.bodies[2] == (b"a=1" if line == "POST" else b"")


@pytest.mark.parametrize("status", [301, 302, 303])
async def test_form_that_is_redirected_to_the_destination(bench: Bench, status: int) -> None:
    """The Location is the destination, and gets no request."""
    bench.put("/a", page(form("<input name=a value=1>")))
    bench.put("/go", to("http://other.test/x", status=status))
    resolution = await bench.resolve(f"{HOST}/a", SUBMIT)
    assert resolution.target_url == "http://other.test/x"
    assert [(hop.url, hop.mechanism) for hop in resolution.hops] == [
        (f"{HOST}/a", "form"), (f"{HOST}/go", "location-header"),
    ]  # fmt: skip
    assert bench.shortener.asked == ["s.test/a", "s.test/go"]


async def test_get_form_to_another_host_is_the_destination(bench: Bench) -> None:
    """The URL of a form without a body is returned with its fields, and is not contacted."""
    bench.put("/a", page(form("<input name=a value='1 2'>", "action=http://other.test/x?y")))
    assert (await bench.resolve(f"{HOST}/a", SUBMIT)).target_url == "http://other.test/x?a=1+2"
    assert bench.shortener.asked == ["s.test/a"]


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        ("http://other.test/x", "provider_changed"),
        ("http://127.0.0.1/x", "blocked_address"),
        ("http://localhost/x", "blocked_address"),
        ("http://s.test:22/x", "blocked_address"),
        ("file:///etc/passwd", "bad_scheme"),
        ("javascript:alert(1)", "bad_scheme"),
        ("mailto:a@b.test", "bad_scheme"),
        ("http://user@s.test/x", "blocked_address"),
        ("http://", "provider_changed"),
    ],
)
async def test_fields_go_to_the_provider_alone(bench: Bench, action: str, reason: str) -> None:
    """A form's fields go only where its provider and the guard allow, by its action and by a redirect."""
    bench.put("/a", page(form("<input name=a value=1>", f"method=post action='{action}'")))
    bench.put("/b", page(form("<input name=a value=1>")))
    bench.put("/go", to(action, status=307))
    assert (await bench.resolve(f"{HOST}/a", SUBMIT)).reason == reason
    assert bench.shortener.asked == ["s.test/a"]
    if reason != "provider_changed" or "other" in action:
        assert (await bench.resolve(f"{HOST}/b", SUBMIT)).reason == reason
        assert bench.shortener.asked[1:] == ["s.test/b", "s.test/go"]


async def test_decoy_forms_are_not_sent(bench: Bench) -> None:
    """A form that leads to a decoy does not count as a form."""
    bench.put("/a", page(form("", "action=http://ads.test/x")))
    decoyed = provider(steps=[{"use": "submit", "selector": "form"}], accept={"decoys": ["ads.test"]})
    assert (await bench.resolve(f"{HOST}/a", decoyed)).reason == "provider_changed"


@pytest.mark.parametrize(
    "html",
    ["<p>Hi</p>", "<form id=g></form>", "<div id=f></div>", "<button id=f>Go</button>", "<input id=f form=nowhere>"],
)
async def test_no_form(bench: Bench, html: str) -> None:
    """A selector without a form, or a button without a form, finds nothing."""
    bench.put("/a", page(html))
    assert (await bench.resolve(f"{HOST}/a", SUBMIT)).reason == "provider_changed"


@pytest.mark.parametrize("status", [404, 410])
async def test_forms_sent_to_nowhere(bench: Bench, status: int) -> None:
    """A missing page behind a form does not mean that the link was removed."""
    bench.put("/a", page(form("")))
    bench.put("/go", answer(status))
    assert (await bench.resolve(f"{HOST}/a", SUBMIT)).reason == "provider_changed"


async def test_same_url_posted_is_no_loop(bench: Bench) -> None:
    """A form to its own page is not a loop, nor are several forms with other fields. The same form again is a loop."""
    bench.put("/a", *(page(form(f"<input name=n value={n}>", "method=post")) for n in range(4)), to(TARGET))
    steps = [{"use": "submit", "selector": "#f"}] * 4
    assert (await bench.resolve(f"{HOST}/a", provider(steps=[*steps, {"use": "follow"}]))).target_url == TARGET
    bench.put("/b", page(form("<input name=n value=1>", "method=post")))
    resolution = await bench.resolve(f"{HOST}/b", provider(steps=steps))
    assert resolution.reason == "loop_detected"
    assert bench.shortener.asked.count("s.test/b") == 2


async def test_cookies_go_with_forms(bench: Bench) -> None:
    """A page's session cookie is sent with its form, and with the redirect that follows."""
    bench.put("/a", answer(200, "Set-Cookie: session=1; HttpOnly; SameSite=Lax", body=form("")))
    bench.put("/go", to("/on", "Set-Cookie: step=2"))
    bench.put("/on", to(TARGET))
    await bench.resolve(f"{HOST}/a", SUBMIT)
    assert [header(head, "cookie") for head in bench.shortener.heads] == [None, "session=1", "session=1; step=2"]


@pytest.mark.parametrize("status", [429, 503])
async def test_turned_away_forms_are_sent_again(bench: Bench, status: int) -> None:
    """If a server did not accept a form and says when to come back, the form is sent again then."""
    bench.put("/a", page(form("<input name=a value=1>")))
    bench.put("/go", answer(status, "Retry-After: 2"), to(TARGET))
    assert (await bench.resolve(f"{HOST}/a", SUBMIT)).target_url == TARGET
    assert bench.paused == [2]
    assert bench.shortener.bodies == [b"", b"a=1", b"a=1"]


@pytest.mark.parametrize("reply", [answer(503), answer(500, "Retry-After: 2"), answer(408), b""])
async def test_forms_that_may_have_been_taken_are_not_sent_again(bench: Bench, reply: bytes) -> None:
    """A failure ends the link if the server may already have accepted the form."""
    bench.put("/a", page(form("<input name=a value=1>")))
    bench.put("/go", reply, to(TARGET))
    assert (await bench.resolve(f"{HOST}/a", SUBMIT)).reason == "upstream_error"
    assert bench.shortener.asked == ["s.test/a", "s.test/go"]


async def test_stop_rules_before_and_after_a_form(bench: Bench) -> None:
    """A form is not sent from a page that asks for a CAPTCHA. This is true before and after another form."""
    captcha = '<div class="g-recaptcha"></div>'
    bench.put("/a", page(form(captcha)))
    assert (await bench.resolve(f"{HOST}/a", SUBMIT)).reason == "captcha_required"
    assert bench.shortener.asked == ["s.test/a"]
    bench.put("/b", page(form("")))
    bench.put("/go", page(form(captcha)))
    assert (await bench.resolve(f"{HOST}/b", SUBMIT)).reason == "captcha_required"


async def test_a_form_behind_redirects(bench: Bench) -> None:
    """Redirects and refreshes are followed to the page with the form, and from there to the destination."""
    bench.put("/a", to("/b"))
    bench.put("/b", page("<meta http-equiv=refresh content='0;url=/c'>"))
    bench.put("/c", page(form("") + "<meta http-equiv=refresh content='60;url=/too-late'>"))
    bench.put("/go", to(TARGET))
    assert (await bench.resolve(f"{HOST}/a", SUBMIT)).target_url == TARGET
    bench.put("/d", to(TARGET))
    assert (await bench.resolve(f"{HOST}/d", SUBMIT)).target_url == TARGET


async def test_enormous_forms(bench: Bench) -> None:
    """A form of a hundred thousand fields, or of a megabyte, is too large, and is not sent."""
    bench.put("/fields", page(form("<input name=a>" * 100_000)))
    bench.put("/value", page(form(f"<input name=a value={'x' * 1_000_000}>")))
    for path in ("/fields", "/value"):
        assert (await bench.resolve(f"{HOST}{path}", SUBMIT)).reason == "body_too_large"
    assert bench.shortener.asked == ["s.test/fields", "s.test/value"]
