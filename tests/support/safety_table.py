"""The cases that the guard is tested with, each in one place (docs/explanation/egress-guard.md, "Tested cases")."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

DENIED_V4 = (
    "0.0.0.0",  # noqa: S104 - nothing is bound to it
    *("127.0.0.1", "127.255.255.254", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255"),
    *("192.168.1.1", "100.64.0.1", "100.127.255.255", "169.254.169.254", "169.254.170.2", "100.100.100.200"),
    *("192.0.0.192", "168.63.129.16", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "198.19.255.255"),
    *("192.88.99.1", "192.31.196.1", "192.52.193.1", "192.175.48.1", "240.0.0.1", "224.0.0.1", "239.255.255.255"),
    "255.255.255.255",
)
DENIED_V6 = (
    *("::1", "::", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::ffff:0.0.0.0", "::127.0.0.1", "::ffff:0:10.0.0.1"),
    *("64:ff9b::a00:1", "64:ff9b:1::a9fe:a9fe", "2002:a00:1::", "2002:7f00:1::1", "2001:0:a00:1::"),
    *("2001:4860::5efe:10.0.0.1", "2001:4860::200:5efe:10.0.0.1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1"),
    *("ff02::1", "100::1", "2001:db8::1", "3fff::1", "5f00::1", "4000::1", "2620:4f:8000::1"),
)
PUBLIC = (
    *("172.32.0.1", "172.15.255.255", "100.63.255.255", "100.128.0.1", "8.8.8.8", "1.1.1.1", "168.63.129.15"),
    *("168.63.129.17", "223.255.255.255", "2606:4700:4700::1111", "2001:4860:4860::8888", "2a00:1450::1"),
    "::ffff:8.8.8.8",
)
RANGES = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
    *("192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24"),
    *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32"),
    *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
)
"""The ranges of the page's own table, whose edges are tested. All IPv6 outside 2000::/3 is denied too."""

LITERALS = (*DENIED_V4, *(f"[{address}]" for address in DENIED_V6))
"""The denied addresses as hosts of URLs."""

LOOPBACK = (
    *("127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.1", "127.000.000.001"),
    *("127.0.0.1.", "0x7F.0X1", "%31%32%37.0.0.1", "127%2E0%2E0%2E1", "①②⑦.⓪.⓪.①", "１２７.０.０.１", "127。0。0。1"),
    *("127．0．0．1", "127｡0｡0｡1", "12\u00ad7.0.0.1", "127.0.0.2", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
    *("0x7f.0x0.0x0.0x1", "0177.0.1", "127.0.1", "[0:0:0:0:0:ffff:127.0.0.1]", "[::1]", "0", "0x0", "[::]"),
)
"""Spellings of the machine itself."""

LOCAL_NAMES = (
    *("localhost", "LOCALHOST", "localhost.", "loc%61lhost", "ｌｏｃａｌｈｏｓｔ", "ⓛocalhost", "a.localhost"),
    *("a.localhost.", "foo.internal", "foo.internal.", "metadata.google.internal", "host.docker.internal"),
    *("kubernetes.default.svc.cluster.local", "printer.local", "metadata", "instance-data", "ip6-localhost"),
)
"""Names that never go to DNS."""

TRICKS = ("127.0.0.1#@example.com", "127.0.0.1?@example.com", "127.0.0.1/@example.com", "127.0.0.1/.example.com")
"""Hosts followed by what a careless reader takes for another host."""

SLASHES = ("http:/{}/", "http:{}/", "http:///{}/", "http:////{}/", "//{}/", "///{}/")
"""Too few slashes and too many; browsers take them all for `http://{}/`, the last two on an http page."""

DISPUTED = (
    *(
        "010.0.0.1",
        "0100.0.0.1",
        "00000010.0.0.1",
        "8.8.8.010",
        "０１０.0.0.1",
        "%3010.0.0.1",
        "134744072",
        "0x8.0x8.2056",
    ),
)
"""Spellings that browsers take for a public address, and others for another one or a name."""

NO_URLS = (
    *("", " ", "nothing", "/path", "http://", "http:///", "https://?x", "http://#", "http://:80/"),
    *("http://256.1.1.1/", "http://1.2.3.4.5/", "http://4294967296/", "http://0x100000000/", "http://127.0.0.09/"),
    *("http://0x7f.0.0.0x100/", "http://127.0.0.256/", "http://127.0.65536/", "http://040000000000/"),
    *("http://[127.0.0.1]/", "http://[::1", "http://::1/", "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/"),
    *("http://[::1%25lo]/", "http://[::ffff:127.0.0.1%25]/", "http://[v1.a]/", "http://[]/"),
    *(
        "http://a@b.com/",
        "http://a:b@b.com/",
        "http://:b@b.com/",
        "http://127.0.0.1:80@b.com/",
        "http://b.com@127.0.0.1/",
    ),
    *("http://b.com:80@127.0.0.1/", "http://b.com%40@127.0.0.1/"),
    *("http://127.0.0.1\\@b.com/", "http:\\\\b.com/", "http://b.com/a\\b", "http://b.com\\.evil.com/"),
    *("http:\\\\127.0.0.1/", "http:/\\127.0.0.1/", "\\\\127.0.0.1\\"),
    *(" http://b.com/", "http://b.com/ ", "http://b.\tcom/", "http://b.com/\n", "ht\ntp://b.com", "http://b.com/\0"),
    *("\thttp://127.0.0.1/", "http://127.0.0.1/\r\nHost: b.com", "http://127.0.0.1\0.b.com/"),
    *("http://b.com\x7f/", "http://b%00.com/", "http://b%0a.com/", "http://b com/", "http://b<c.com/", "http://a^b/"),
    *("http://b.com:99999/", "http://b.com:-1/", "http://b.com:x/", "http://b.com:65536/", "http://b.com:8 0/"),
    *("http://127.0.0.1:-1/", "http://127.0.0.1:99999/", "http://127.0.0.1:80:80/", "http://127.0.0.1:٨٠/"),
    *(f"http://{'a' * 64}.com/", f"http://{'a.' * 127}com/", "http://a..b/", "http://.a.b/", "http://a.com../"),
    *("http://\ud800.com/", "http://a.com/\udc80", "http://%zz/", "http://a%2fb.com/", "http://127.0.0.1%2f.b.com/"),
    *("http://127.0.0.1%23.b.com/", "http://127.0.0.1%3f.b.com/", "http://b.com%00.127.0.0.1/"),
)
"""Texts that are not a URL to this service, because no browser reads them as one or because parsers disagree."""

FOREIGN = (
    *(("magnet:?xt=urn:btih:abc", "magnet"), ("tg://resolve?domain=x", "tg"), ("javascript:alert(1)", "javascript")),
    *(("file:///etc/passwd", "file"), ("FTP://a.com/", "ftp"), ("ws://a.com/", "ws"), ("data:text/html,x", "data")),
    *(("view-source:http://a.com/", "view-source"), ("gopher://127.0.0.1:70/", "gopher"), ("about:blank", "about")),
    *(("wss://127.0.0.1/", "wss"), ("blob:http://127.0.0.1/x", "blob"), ("chrome://settings", "chrome")),
    *(("dict://127.0.0.1:11211/", "dict"), ("ldap://127.0.0.1/", "ldap"), ("jar:http://127.0.0.1!/", "jar")),
    *(
        ("filesystem:http://127.0.0.1/", "filesystem"),
        ("intent://127.0.0.1/", "intent"),
        ("file://127.0.0.1/c$", "file"),
    ),
)
"""Well-formed URLs of other schemes."""

SERVICE_PORTS = (
    *(0, 1, 7, 19, 21, 22, 23, 25, 53, 81, 110, 111, 135, 139, 143, 389, 445, 587, 873, 993, 1433, 2049, 2375, 2379),
    *(3306, 3389, 5000, 5432, 5984, 6379, 6443, 8000, 8080, 8443, 9000, 9090, 9200, 10250, 11211, 15672, 27017, 65535),
)
"""The usual internal services'."""

NAMES: tuple[tuple[tuple[str, ...], str], ...] = (
    *((("127.0.0.1",), "A"), (("10.0.0.1",), "A"), (("169.254.169.254",), "A"), (("100.100.100.200",), "A")),
    *((("8.8.8.8", "127.0.0.1"), "A"), (("127.0.0.2", "8.8.8.8", "1.1.1.1"), "A")),
    *((("a.example.com>inner.example.net>127.0.0.1",), "A"), (("a.example.com>inner.example.net>fd00::1",), "AAAA")),
    *((("::1",), "AAAA"), (("fd00::1",), "AAAA"), (("::ffff:127.0.0.1",), "AAAA"), (("fd00:ec2::254",), "AAAA")),
    *((("2606:4700::1111", "fe80::1"), "AAAA"), (("64:ff9b::7f00:1",), "AAAA"), (("2002:7f00:1::1",), "AAAA")),
)
"""Answers, with their kind, that refuse their name. "alias>target>address" is a CNAME."""


def edges() -> list[tuple[str, bool]]:
    """Return the first and last address of each range and their neighbours outside it, and whether each is public."""
    return [edge for text in RANGES for edge in _edges(IPv6Network(text) if ":" in text else IPv4Network(text))]


def _edges(block: IPv4Network | IPv6Network) -> list[tuple[str, bool]]:
    first, last = int(block[0]), int(block[-1])
    make = type(block[0])
    inside = [(str(make(number)), False) for number in (first, last)]
    outside = [make(number) for number in (first - 1, last + 1) if 0 <= number < 2**block.max_prefixlen]
    return inside + [(str(address), not _is_in_a_range(address)) for address in outside]


def _is_in_a_range(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and address not in IPv6Network("2000::/3"):
        return True
    return any(address in (IPv6Network(text) if ":" in text else IPv4Network(text)) for text in RANGES)
