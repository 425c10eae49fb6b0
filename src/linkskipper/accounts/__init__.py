"""Accounts, API keys and their secrets."""

from linkskipper.accounts.accounts import (
    MAX_NAME_CHARACTERS,
    Account,
    close_account,
    create_account,
    get_account,
    list_accounts,
    reopen_account,
    search_accounts,
)
from linkskipper.accounts.api_keys import (
    DEFAULT_RATE_LIMIT,
    MAX_DAILY_QUOTA,
    MAX_RATE_LIMIT,
    SCOPES,
    ApiKey,
    KeyInfo,
    NewKey,
    create_key,
    list_keys,
    revoke_key,
    roll_key,
)
from linkskipper.accounts.authentication import Authenticator
from linkskipper.accounts.encryption import Keyring, load_keyring, load_secret, restore_secret
from linkskipper.accounts.key_overview import KeyOverview, change_key, find_account_key, list_account_keys
from linkskipper.accounts.quota import DailyUsage, lock_usage, prune_usage, seconds_to_midnight, used_today
from linkskipper.accounts.tokens import WEBHOOK_PREFIX
from linkskipper.accounts.webhook_secrets import NewWebhookSecret, WebhookSecrets, roll_webhook_secret

__all__ = [
    "DEFAULT_RATE_LIMIT",
    "MAX_DAILY_QUOTA",
    "MAX_NAME_CHARACTERS",
    "MAX_RATE_LIMIT",
    "SCOPES",
    "WEBHOOK_PREFIX",
    "Account",
    "ApiKey",
    "Authenticator",
    "DailyUsage",
    "KeyInfo",
    "KeyOverview",
    "Keyring",
    "NewKey",
    "NewWebhookSecret",
    "WebhookSecrets",
    "change_key",
    "close_account",
    "create_account",
    "create_key",
    "find_account_key",
    "get_account",
    "list_account_keys",
    "list_accounts",
    "list_keys",
    "load_keyring",
    "load_secret",
    "lock_usage",
    "prune_usage",
    "reopen_account",
    "restore_secret",
    "revoke_key",
    "roll_key",
    "roll_webhook_secret",
    "search_accounts",
    "seconds_to_midnight",
    "used_today",
]
