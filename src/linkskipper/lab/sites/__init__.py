"""The hosts of the lab. Each is a table of its links and their outcomes."""

from linkskipper.lab.sites.adlinkfly import ADLINKFLY
from linkskipper.lab.sites.broken import BROKEN
from linkskipper.lab.sites.bulk import BULK
from linkskipper.lab.sites.busy import CROWDED, PACED
from linkskipper.lab.sites.chains import CHAIN, HOPS, LOOP
from linkskipper.lab.sites.clones import KUTT, STATIC_PAGES, YOURLS
from linkskipper.lab.sites.embedded import EMBEDDED
from linkskipper.lab.sites.forms import COUNTDOWN, FORM
from linkskipper.lab.sites.gempixel import GEMPIXEL
from linkskipper.lab.sites.interstitial import INTERSTITIAL
from linkskipper.lab.sites.previews import ATTRIBUTE, CHANGED, DOTTED, PATTERN, PREVIEW, VALUE
from linkskipper.lab.sites.redirects import REDIRECTS
from linkskipper.lab.sites.refreshes import REFRESHES
from linkskipper.lab.sites.safelink import SAFELINK
from linkskipper.lab.sites.scripts import SCRIPTS
from linkskipper.lab.sites.slow import IMPATIENT, PREMIUM, SLOW
from linkskipper.lab.sites.stops import GATE, PRIVATE, REMOVED

SITES = (
    REDIRECTS,
    REFRESHES,
    SCRIPTS,
    PREVIEW,
    ATTRIBUTE,
    VALUE,
    DOTTED,
    PATTERN,
    *EMBEDDED,
    FORM,
    COUNTDOWN,
    GEMPIXEL,
    SAFELINK,
    ADLINKFLY,
    CHAIN,
    LOOP,
    HOPS,
    REMOVED,
    YOURLS,
    KUTT,
    STATIC_PAGES,
    CHANGED,
    GATE,
    PRIVATE,
    SLOW,
    PREMIUM,
    IMPATIENT,
    CROWDED,
    PACED,
    BROKEN,
    BULK,
    INTERSTITIAL,
)
