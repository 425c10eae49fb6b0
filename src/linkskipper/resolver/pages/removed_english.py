"""Messages of shorteners in English about a link that does not exist, or does not work.

A message begins its part of the sentence. `GONE` holds for good. `UNAVAILABLE` may pass.
"""

import re2

_FILLERS = (
    "sorry|oops|ops|whoops|oh no|uh oh|hm+|ohh?|unfortunately|error|4\\d\\d|warning|attention|the|this|that|your|our|a"
    "|an|requested|given|following|specified|short|shortened|tiny|custom|shared|it|looks like|seems(?: like| that)?|but"
    "|one[- ]time|we|are|is|there|dead|old|(?:that|there)'?s|\\S+\\.\\S+|\\W+"
)
_LINK = "(?:short ?)?(?:links?|urls?|redirect)"
_NAME = "alias|keyword|slug|short ?code"
_PAGE = "(?:web ?)?page"
_SUBJECT = f"(?:{_LINK}|{_NAME}|{_PAGE})"
_CLAUSE = (
    "(?:you|we)(?:'re|'ve)?|that|which|were|are|is|have|had|been|looking|for|followed|requested|clicked|on|opened"
    "|visited|trying|tried|to|redirect|access|"
    "open|reach|visit|entered|used|using|this|the|with|id|code|alias|called|named|here|at|\"[^\"]*\"|'[^']*'|\\([^)]*\\)|"
    "\\S*[/.]\\S*"
)
_AT_END = (
    "(?:$|[^a-z0-9 ]| [^a-z ]| (?:or|and|because|as|so|by|any ?more"
    "|(?:on|in|at|with|under|for) (?:this|that|the|our|your|its) (?:server|system|database|site|website|address|url"
    "|location|alias|code|short|slug|key(?:word)?|name|id|link)"
    "|on \\S+\\.\\S+|due to|for (?:violat|abus|breach|spam|phish)[a-z]*|for (?:security|legal)|since)(?:$|[^a-z]))"
)
"""What may follow a message that something else could turn into another one, such as "in English"."""
_DELETED = "expired|deleted|removed|terminated|revoked|inactivated|taken down"
_SHUT = "disabled|deactivated|banned|blocked|suspended|blacklisted|archived"
_HAS_BEEN = "(?:(?:has|have|is|was|were|are)(?: now| already| been| since| either| or| permanently)*|got)"
_FLAGGED = "(?:has been|was) (?:reported|flagged|marked)(?: as \\w+)? and (?:(?:has been|was|is) )?"
_FIND = "(?:could not|couldn'?t|cannot|can not|can'?t|unable to) find"
_GONE_VERDICT = (
    f"{_FLAGGED}(?:{_DELETED})|{_HAS_BEEN} (?:{_DELETED})"
    f"|(?:{_DELETED}|invalid|unknown|missing|not found)(?:$|[^a-z ]| - | because| by| for| on| or| and)"
    f"|(?:(?:could not|couldn'?t|cannot|can not|can'?t|was not|wasn'?t|is not|not) (?:be )?found"
    "|(?:does not|doesn'?t|do not|did not|didn'?t|not) (?:(?:seem|appear) to )?exists?"
    "|(?:(?:is|are) )?no longer (?:exists?|valid)|(?:is not|isn'?t) (?:valid|known)(?: any ?more)?"
    f"|(?:is|has been) (?:invalid|unknown)){_AT_END}"
    "|(?:(?:has|is) )?(?:gone missing|gone$|self-destructed)|has (?:already )?been used(?:$|[^a-z ])"
    "|(?:has )?reached (?:its|the) (?:maximum|limit|click|visit|view)"
    "|(?:has been|was) (?:visited|clicked|opened|used) too many times"
    "|(?:has )?(?:violated|violates) (?:our|the) (?:terms|rules|polic)"
    "|was (?:found|used) (?:by its (?:creator|owner|author) )?in violation of"
)
_GONE_OBJECT = (
    "(?:no such|invalid|unknown|expired|deleted|removed)"
    "(?: or (?:invalid|unknown|expired|deleted|removed|disabled|broken))?"
)
_THING = "(?:short(?:ened)? )?(?:link|url|page|alias|(?:short ?)?code|slug|keyword)(?:$|[^a-z ])"
_GONE = (
    f"{_GONE_OBJECT} {_THING}"
    f"|{_FIND} (?:(?:the|this|that|your|any|a) )?(?:\\S+ )?{_SUBJECT}(?: (?:{_CLAUSE}))*{_AT_END}"
    f"|not found$|{_FIND} what you"
    "|no (?:url|link|redirect|destination)s? (?:(?:was |were )?found|exists?)"
    "(?:$|[^a-z ]| (?:with|for|under|at) (?:this|that|the|your) (?:\\S+ )?"
    "(?:alias|code|slug|name|url|link|id|key(?:word)?)$)"
    f"|address (?:(?:{_CLAUSE}) )*(?:(?:does not|doesn'?t) exist|(?:could not|couldn'?t|cannot) be found){_AT_END}"
    "|no (?:url|link|redirect|destination)s? here$"
    "|(?:link|clicks?|visits?|views?) limit (?:has been |was )?(?:reached|exceeded)"
    f"|user (?:who|that) (?:created|made|owns) (?:this|the) (?:short )?(?:link|url)"
    f" (?:has been|was|is) (?:{_DELETED}|{_SHUT})"
)
_SHUT_VERDICT = (
    f"(?:(?:{_FLAGGED}|{_HAS_BEEN} )?(?:{_SHUT})|(?:is |has been )?currently (?:invalid|unavailable|inactive))"
    "(?:$|[^a-z ]| - | because| by| for| or| and| due| as)"
)
_UNAVAILABLE_VERDICT = (
    "(?:(?:does not|doesn'?t|is not|isn'?t) work(?:ing)?(?: any ?more)?"
    "|(?:(?:is|has been) )?(?:unavailable|inactive|broken|dead)"
    "|(?:(?:is|are) )?no longer (?:active|available|works?|working|in use|here|online)"
    f"|(?:is not|isn'?t) (?:active|available)(?: any ?more)?){_AT_END}"
)
_UNAVAILABLE = (
    f"(?:disabled|banned|dead|broken)(?: or (?:invalid|expired|removed))? {_THING}"
    "|(?:there(?: is|'s) )?nothing (?:found |to see )?here$"
)

_BEGIN = f"^(?:(?:{_FILLERS}) *)*"
GONE = re2.compile(f"{_BEGIN}(?:{_SUBJECT}(?: (?:{_CLAUSE}))* (?:{_GONE_VERDICT})|{_GONE})")
UNAVAILABLE = re2.compile(
    f"{_BEGIN}(?:(?:{_LINK}|{_PAGE})(?: (?:{_CLAUSE}))* (?:{_UNAVAILABLE_VERDICT})"
    f"|{_LINK}(?: (?:{_CLAUSE}))* (?:{_SHUT_VERDICT})|{_UNAVAILABLE})"
)
EXPLAINS = re2.compile(r"^(?:how|why|when|what|if|fix|whether|currently|unless|in case|once)(?:$|[^a-z])")
CONDITIONS = re2.compile(
    r"\b(?:(?:at|for) the moment|right now|at (?:this|the present) time|for now|temporar\w*|maintenance|later|shortly"
    r"|technical|outage|countr(?:y|ies)|regions?|territory|your (?:location|area|device|network|administrator|ip"
    r"|organi[sz]ation|browser|account)|firewall|(?:network|system) administrator|security policy|overload\w*)\b"
)
"""Words about time, place and maintenance, or about the visitor."""

NOW = re2.compile(r"\b(?:today|yet|only|successfully)\b")
"""Words that limit the sentence that they stand in."""
