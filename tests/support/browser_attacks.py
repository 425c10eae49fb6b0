"""Pages that try to reach an address from inside the browser; {url} is the address, {udp} its host and port."""

SCRIPTS = {
    "fetch": "fetch('{url}')",
    "fetch without cors": "fetch('{url}', {{mode: 'no-cors', method: 'POST', body: 'x'}})",
    "fetch that outlives the page": "fetch('{url}', {{mode: 'no-cors', keepalive: true}})",
    "fetch through a redirect": "fetch('/redirect')",
    "xhr": "const x = new XMLHttpRequest(); x.open('GET', '{url}'); x.send()",
    "beacon": "navigator.sendBeacon('{url}', 'x')",
    "websocket": "new WebSocket('{url}'.replace('http', 'ws'))",
    "event source": "new EventSource('{url}')",
    "image": "new Image().src = '{url}'",
    "audio": "new Audio('{url}').play().catch(() => 0)",
    "worker": "new Worker(URL.createObjectURL(new Blob([`fetch('{url}').catch(() => 0)`])))",
    "imported by a worker": "new Worker(URL.createObjectURL(new Blob([`importScripts('{url}')`])))",
    "shared worker": "new SharedWorker(URL.createObjectURL(new Blob([`fetch('{url}').catch(() => 0)`])))",
    "module": "import('{url}').catch(() => 0)",
    "popup": "window.open('{url}')",
    "popup of a popup": "window.open('').document.write(`<script>window.open('{url}')<\\/script>`)",
    "frame": "const f = document.createElement('iframe'); f.src = '{url}'; document.body.append(f)",
    "frame in a frame": "const f = document.createElement('iframe');"
    " f.srcdoc = `<iframe src='{url}'></iframe>`; document.body.append(f)",
    "frame through a redirect": "const f = document.createElement('iframe'); f.src = '/redirect';"
    " document.body.append(f)",
    "form to a frame": "document.body.insertAdjacentHTML('beforeend', `<iframe name=x></iframe>"
    "<form target=x action='{url}'></form>`); document.forms[0].submit()",
    "webrtc": "const c = new RTCPeerConnection({{iceServers: [{{urls: 'stun:{udp}'}},"
    " {{urls: 'turn:{udp}?transport=udp', username: 'a', credential: 'b'}},"
    " {{urls: 'turn:{udp}?transport=tcp', username: 'a', credential: 'b'}}]}}); c.createDataChannel('x');"
    " c.createOffer().then(o => c.setLocalDescription(o))",
    "webtransport": "new WebTransport('https://{udp}/').ready.catch(() => 0)",
}
MARKUP = {
    "img": '<img src="{url}">',
    "picture": '<picture><source srcset="{url}"><img></picture>',
    "svg": '<svg><image href="{url}"/></svg>',
    "video": '<video src="{url}" autoplay muted></video>',
    "script": '<script src="{url}"></script>',
    "style sheet": '<link rel="stylesheet" href="{url}">',
    "import of a style": '<style>@import "{url}";</style>',
    "background": '<p style="background: url({url})">x</p>',
    "font": "<style>@font-face {{font-family: x; src: url({url})}} p {{font-family: x}}</style><p>x</p>",
    "icon": '<link rel="icon" href="{url}">',
    "manifest": '<link rel="manifest" href="{url}">',
    "preconnect": '<link rel="preconnect" href="{url}">',
    "preload": '<link rel="preload" as="fetch" href="{url}" crossorigin>',
    "module preload": '<link rel="modulepreload" href="{url}">',
    "prefetch": '<link rel="prefetch" href="{url}">',
    "prerender": '<script type="speculationrules">{{"prerender": [{{"urls": ["{url}"], "eagerness": "immediate"}}]}}'
    "</script>",
    "iframe": '<iframe src="{url}"></iframe>',
    "object": '<object data="{url}"></object>',
    "embed": '<embed src="{url}">',
}
NAVIGATIONS = {
    "meta refresh": '<meta http-equiv="refresh" content="0; url={url}">',
    "location": "<script>location = '{url}'</script>",
    "download": '<a href="{url}" download="x"></a><script>document.querySelector("a").click()</script>',
    "form": '<form action="{url}" method="post"></form><script>document.forms[0].submit()</script>',
}

NOT_OF_THE_SHELL = {"icon", "manifest", "preconnect"}
"""What a full Chromium does, and its headless shell does not."""

ATTACKS = {
    **{name: f"<script>{script}</script>" for name, script in SCRIPTS.items()},
    **MARKUP,
}


def page_that(attack: str, url: str, destination: str) -> str:
    """Return a page that tries it, and lets the visitor continue a moment later."""
    udp = url.partition("://")[2].rstrip("/")
    tried = attack.format(url=url, udp=udp)
    return (
        f'<body>{tried}<button id="continue" disabled onclick="location = \'{destination}\'">Go</button>'
        "<script>setTimeout(() => document.getElementById('continue').disabled = false, 300)</script>"
    )
