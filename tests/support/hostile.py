"""Texts that attack a page that shows them."""

ZERO_WIDTH, RIGHT_TO_LEFT, POP = "\u200b", "\u202e", "\u202c"

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}${7*7}<%=7*7%>",
    "</textarea></title></script><svg onload=alert(1)>",
    '<div hx-get="/dashboard/out" hx-trigger="load" hx-nonce=""></div>',
    "'-alert(1)-'`onmouseover=alert(1)",
    f"{RIGHT_TO_LEFT}gnp.exe{POP} {ZERO_WIDTH}pa{ZERO_WIDTH}ypal",
    "javascript:alert(1)",
    "W" * 2048,
    "a\tb\nc\r\x1b[31m\x7f",
    "Z\u0351\u0352\u0353\u0354\u0355\u0356\u0357\u0358\u0359" * 5,
    "=cmd|' /C calc'!A0",
)

HOSTILE_URLS = (
    "javascript:alert(1)",
    " java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "//evil.example/x",
    "https://user@evil.example/",
    "https://google.com.evil.example/",
    "https://xn--80ak6aa92e.com/",
    "https://" + ".".join(["a"] * 60) + ".example/",
    "https://example.com/" + "a" * 2000,
    'https://example.com/%3Cscript%3E?q="><script>alert(1)</script>',
    f"https://example.com/{RIGHT_TO_LEFT}gpj.exe",
)
