"""People: users, their roles, their sessions and the ways to sign in."""

from linkskipper.accounts import MAX_NAME_CHARACTERS
from linkskipper.people.administration import (
    AccountMember,
    changing_people,
    list_members,
    remove_member,
    search_users,
    set_operator,
    set_role,
)
from linkskipper.people.credentials import Credentials
from linkskipper.people.login_links import FIRST_LINK_LIFETIME, LINK_LIFETIME, create_login_link
from linkskipper.people.passwords import MAX_CHARACTERS, MIN_CHARACTERS, Passwords
from linkskipper.people.second_factor import SecondFactor, count_recovery_codes
from linkskipper.people.sessions import (
    OpenSession,
    Session,
    Sessions,
    SignInOrigin,
    end_sessions,
    list_sessions,
    prune_sessions,
)
from linkskipper.people.sign_in import Proof, SignIn
from linkskipper.people.throttle import prune_sign_in_failures
from linkskipper.people.users import (
    Membership,
    Role,
    User,
    any_user,
    create_user,
    disable_user,
    enable_user,
    find_user,
    first_operator,
    get_user,
    list_memberships,
    list_users,
    rename_user,
)

__all__ = [
    "FIRST_LINK_LIFETIME",
    "LINK_LIFETIME",
    "MAX_CHARACTERS",
    "MAX_NAME_CHARACTERS",
    "MIN_CHARACTERS",
    "AccountMember",
    "Credentials",
    "Membership",
    "OpenSession",
    "Passwords",
    "Proof",
    "Role",
    "SecondFactor",
    "Session",
    "Sessions",
    "SignIn",
    "SignInOrigin",
    "User",
    "any_user",
    "changing_people",
    "count_recovery_codes",
    "create_login_link",
    "create_user",
    "disable_user",
    "enable_user",
    "end_sessions",
    "find_user",
    "first_operator",
    "get_user",
    "list_members",
    "list_memberships",
    "list_sessions",
    "list_users",
    "prune_sessions",
    "prune_sign_in_failures",
    "remove_member",
    "rename_user",
    "search_users",
    "set_operator",
    "set_role",
]
