"""Every host of the lab: a table each of what its links do and where they lead."""

from linkskipper.lab.sites.bulk import BULK
from linkskipper.lab.sites.redirects import REDIRECTS
from linkskipper.lab.sites.slow import IMPATIENT, PREMIUM, SLOW

SITES = (REDIRECTS, SLOW, PREMIUM, IMPATIENT, BULK)
