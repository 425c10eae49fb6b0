"""The tests that attack the service. `make attack` runs them, and those that have the marker by themselves."""

from pathlib import Path

TESTS = Path(__file__).parents[1]
ATTACKS = (
    *("component/safety", "service/safety", "component/browser/test_guard.py", "component/browser/test_destination.py"),
    *("component/browser/test_pages_gone_bad.py", "component/browser/test_url_length.py"),
    *("component/browser/test_environment.py", "component/database/test_embedded.py"),
    *("component/database/test_server_socket.py", "component/egress/test_bodies.py", "component/egress/test_names.py"),
    *("component/egress/test_odd_answers.py", "component/provider_health/test_timeouts.py"),
    *("component/resolver/test_bad_pages.py", "component/resolver/test_hostile_pages.py"),
    *("component/resolver/test_traffic.py", "component/resolver/test_url_length.py"),
    *("component/webhooks/test_exempt_receivers.py", "service/api/test_garbage.py", "service/api/test_wire.py"),
    *("service/jobs/test_canonical_url.py", "service/jobs/test_money.py", "service/webhooks/test_exemptions.py"),
    *("service/webhooks/test_webhook_crashes.py", "unit/catalog/test_bounds.py", "unit/catalog/test_checks.py"),
    *("unit/egress/test_addresses.py", "unit/egress/test_urls.py", "unit/webhooks/test_signatures.py"),
)


def is_attack(file: Path) -> bool:
    """Tell whether all tests of a file attack the service."""
    return any(file.is_relative_to(TESTS / attack) for attack in ATTACKS)
