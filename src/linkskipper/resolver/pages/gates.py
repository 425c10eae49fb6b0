"""Recognise what a page demands from its visitor first: a CAPTCHA, a password, a login."""

import re
from typing import Literal

from selectolax.lexbor import LexborHTMLParser, LexborNode

from linkskipper.resolver.pages.visibility import is_shown

AskedSecret = Literal["", "login", "password"]
MAX_TITLE = 200  # characters that are read

CAPTCHA = ", ".join(
    (
        ".g-recaptcha, iframe[src*='/recaptcha/'], .h-captcha, iframe[src*='hcaptcha.com/']",
        ".cf-turnstile, iframe[src*='challenges.cloudflare.com/']",
        "#captchaShortlink, #invisibleCaptchaShortlink, form#form-captcha",  # AdLinkFly, ouo.io
        "cap-widget, [data-cap-api-endpoint]",
        ".frc-captcha",  # Friendly Captcha
        "altcha-widget",
        "#mcaptcha__widget-container, [data-mcaptcha_url]",
        "[class^='geetest_'], #geetest-captcha, script[src*='.geetest.com/']",
        "#FunCaptcha, #funcaptcha, script[src*='.arkoselabs.com/'], iframe[src*='.arkoselabs.com/']",
        "iframe[src*='.funcaptcha.com/'], script[src*='.funcaptcha.com/']",
        "script[src*='.captcha.awswaf.com/'], script[src*='.captcha-sdk.awswaf.com/'], awswaf-captcha",
        ".iconcaptcha-holder, .iconcaptcha-widget, .iconcaptcha-modal",
        ".smart-captcha, script[src*='smartcaptcha.']",  # Yandex
        "#TencentCaptcha, script[src*='captcha.qq.com/'], script[src*='.captcha.qcloud.com/']",
        ".mtcaptcha, .procaptcha, .private-captcha, .coinhive-captcha, .BDC_CaptchaDiv, #adcopy-outer, #px-captcha",
        "iframe[src*='captcha-delivery.com/'], script[src*='captcha-delivery.com/']",  # DataDome
        # images with letters, and the field for them
        "img[src*='captcha' i], img[id*='captcha' i], img[alt*='captcha' i]",
        "input[name*='captcha' i]:not([type=hidden i])",
        "input[id*='captcha' i]:not([type=hidden i])",
    )
)
CAPTCHA_SCRIPT = ", ".join(
    (
        "script[src*='/recaptcha/'], script[src*='hcaptcha.com/'], script[src*='challenges.cloudflare.com/turnstile/']",
        "script[src*='@cap.js'], script[src*='friendly-challenge'], script[src*='.awswaf.com/']",
        "script[src*='captcha' i], script[src*='.capy.me/'], script[src*='126.net/load']",
        "[id*='captcha' i], [class*='captcha' i], img[src*='verifycode' i], img[src*='vcode' i]",
        "script[src*='vaptcha' i], script[src*='.alicdn.com/sd/'], img[src*='securimage' i]",
        *(
            f"img[src*='{name}' i], input[name*='{name}' i]"
            for name in ("checkcode", "seccode", "authcode", "randcode")
        ),
        *(f"img[src*='{name}' i]" for name in ("validatecode", "validcode", "imgcode", "yzm")),
    )
)
"""Signs that many pages have for their forms. They count for a page that leads nowhere."""
CHALLENGE = ", ".join(
    (
        "#challenge-form, #challenge-running, script[src*='/cdn-cgi/challenge-platform/']",
        "#anubis_challenge, script[src*='/.well-known/ddos-guard/'], iframe[src*='/_Incapsula_Resource']",
        "#sec-if-cpt-container, script[src*='/_sec/cp_challenge/']",  # Akamai
        "script[src*='?KP_UIDz=']",  # Kasada
        "script[src*='/.basedflare/'], script[src*='/.bunny-shield/'], script[src*='/_fs-ch-']",
    )
)
_GEETEST = "initGeetest"  # a function of a script that may be named anything
_CHALLENGE_SCRIPTS = ("window._cf_chl_opt", "sucuri_cloudproxy_js", "window.gokuProps", "window.rbzns")
# Scripts that the protected pages of a site have too: Kasada, HUMAN (PerimeterX), Imperva.
_GUARD_SCRIPTS = ("KPSDK", "_pxAppId", '"blockScript"', "/_Incapsula_Resource", "reeseSkipExpirationCheck")
_CHALLENGE_TITLE = re.compile(
    r"just a moment\b|attention required! \| cloudflare|pardon our interruption|access to this page has been denied"
    r"|vercel security checkpoint|establishing a secure connection|client challenge"
    r"|radware (?:bot manager )?captcha|ddos-guard|checking your browser|one moment, please"
    r"|(?:checking|making sure|verify(?:ing)?) (?:that )?you(?:'re| are) (?:not a bot|human)",
    re.IGNORECASE,
)
# Each selector of CAPTCHA and CHALLENGE has one of these words. To search for them takes a fraction of the selectors'
# time. A character reference can hide a word.
_REFERENCE = "&#"
_GATE_WORDS = (
    *("captcha", "turnstile", "challenge", "cap-widget", "data-cap-api", "altcha", "geetest", "arkoselabs", "awswaf"),
    *(
        "adcopy",
        "ddos-guard",
        "incapsula",
        "sec-if-cpt",
        "kp_uidz",
        "basedflare",
        "bunny-shield",
        "_fs-ch-",
        _REFERENCE,
    ),
)
_PASSWORD_WORDS = ("passw", "passcode", "pwd", _REFERENCE)
_VISIBLE = ":not([type='hidden' i])"
_PASSWORD = "input[type='password' i], " + ", ".join(
    f"input[name='{name}' i]{_VISIBLE}" for name in ("password", "passcode", "passwd", "pwd")
)
_USER_NAME = "input[type='email' i], input[autocomplete='username'], " + ", ".join(
    f"input[name*='{name}' i]{_VISIBLE}" for name in ("user", "email", "login")
)
OF_A_NEW_LINK = "input[type='url' i], input[name='url' i], input[name*='long' i], input[name*='target' i], textarea"
"""Fields of forms that make a link, where a password is one of the options."""


def may_have_gate(text: str) -> bool:
    """Return whether the HTML of a page may match CAPTCHA or CHALLENGE."""
    lowered = text.lower()
    return any(word in lowered for word in _GATE_WORDS)


def may_ask(text: str) -> bool:
    """Return whether the HTML of a page may have a field for a password."""
    lowered = text.lower()
    return any(word in lowered for word in _PASSWORD_WORDS)


def is_challenge(text: str) -> bool:
    """Return whether the scripts of a page belong to a bot challenge."""
    return any(name in text for name in _CHALLENGE_SCRIPTS)


def may_ask_for_captcha(tree: LexborHTMLParser, text: str) -> bool:
    """Return whether a page that leads nowhere seems to ask for a CAPTCHA, and not for a new link."""
    has_captcha = _GEETEST in text or tree.css_first(CAPTCHA_SCRIPT) is not None
    return has_captcha and tree.css_first(OF_A_NEW_LINK) is None


def has_challenge_title(tree: LexborHTMLParser) -> bool:
    """Return whether the title of a page that leads nowhere is that of a bot challenge."""
    title = tree.css_first("title")
    return title is not None and _CHALLENGE_TITLE.match(title.text()[:MAX_TITLE].strip()) is not None


def has_guard_script(text: str) -> bool:
    """Return whether a page has a script of a service that looks for bots. Many pages of a protected site have one."""
    return any(name in text for name in _GUARD_SCRIPTS)


def shows_nothing(tree: LexborHTMLParser) -> bool:
    """Return whether a page has only scripts."""
    return tree.css_first("body *:not(script):not(noscript):not(iframe):not(style)") is None


def asks_for(tree: LexborHTMLParser) -> AskedSecret:
    """Return whether a page asks for a login or a password. A form that is hidden or makes a link asks for nothing.

    A page with a login in its header may ask for the password of the link too.
    """
    forms = [form_of(field) for field in tree.css(_PASSWORD) if is_shown(field)]
    asking = [form for form in forms if form is None or form.css_first(OF_A_NEW_LINK) is None]
    if not asking:
        return ""
    are_logins = ((tree if form is None else form).css_first(_USER_NAME) is not None for form in asking)
    return "login" if all(are_logins) else "password"


def form_of(field: LexborNode) -> LexborNode | None:
    """Return the form that holds a field, or None."""
    form = field.parent
    while form is not None and form.tag != "form":
        form = form.parent
    return form
