"""Recognise what a page demands from its visitor first: a CAPTCHA, a password, a login."""

from typing import Literal

from selectolax.lexbor import LexborHTMLParser, LexborNode

Asked = Literal["", "login", "password"]

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
        "img[src*='captcha' i], img[id*='captcha' i], input[name*='captcha' i]:not([type=hidden i])",
        "input[id*='captcha' i]:not([type=hidden i])",
    )
)
CHALLENGE = "#challenge-form, #challenge-running, script[src*='/cdn-cgi/challenge-platform/']"
# Each selector of CAPTCHA and CHALLENGE has one of these words. To search for them takes a fraction of the selectors'
# time. A character reference can hide a word.
_REFERENCE = "&#"
_GATE_WORDS = (
    *("captcha", "turnstile", "challenge", "cap-widget", "data-cap-api", "altcha", "geetest", "arkoselabs", "awswaf"),
    *("adcopy", _REFERENCE),
)
_PASSWORD = "input[type='password' i]"  # noqa: S105 - a selector
_USER_NAME = (
    "input[type='email' i], input[name*='user' i], input[name*='email' i], input[name*='login' i],"
    " input[autocomplete='username']"
)
# Fields of forms that make a link, where a password is one of the options.
_OF_A_NEW_LINK = "input[type='url' i], input[name='url' i], input[name*='long' i], input[name*='target' i], textarea"


def may_have_gate(text: str) -> bool:
    """Return whether the HTML of a page may match CAPTCHA or CHALLENGE."""
    lowered = text.lower()
    return any(word in lowered for word in _GATE_WORDS)


def may_ask(text: str) -> bool:
    """Return whether the HTML of a page may have a field for a password."""
    return "password" in text.lower() or _REFERENCE in text


def asks_for(tree: LexborHTMLParser) -> Asked:
    """Return whether a page asks for a login or a password. A form that makes a link asks for nothing."""
    fields = [field for field in tree.css(_PASSWORD) if not _makes_a_link(field)]
    if not fields:
        return ""
    return "login" if tree.css_first(_USER_NAME) is not None else "password"


def _makes_a_link(field: LexborNode) -> bool:
    form = field.parent
    while form is not None and form.tag != "form":
        form = form.parent
    return form is not None and form.css_first(_OF_A_NEW_LINK) is not None
