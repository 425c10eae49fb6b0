"""The dashboard: pages for the people who use the service. It holds no SQL and no rules."""

from linkskipper.dashboard.app import PREFIX, Dashboard
from linkskipper.dashboard.services import DashboardServices, Finding

__all__ = ["PREFIX", "Dashboard", "DashboardServices", "Finding"]
