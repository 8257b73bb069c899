"""What is written down about people, in sentences."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.states import AwayReason, Role, SsoCause
from aftersales.core.events import Kind, register
from aftersales.core.wording import listed


def role_names(codes: Any) -> str:
    labels = dict(Role.choices)
    return listed([labels.get(code, code) for code in codes or []]) or "–"


def _roles(payload: Mapping[str, Any]) -> dict[str, str]:
    return {
        "old_roles": role_names(payload.get("old_roles")),
        "new_roles": role_names(payload.get("new_roles")),
    }


def _reason(payload: Mapping[str, Any]) -> dict[str, str]:
    return {"away_reason": str(dict(AwayReason.choices).get(payload.get("away_reason", ""), ""))}


def _provider(payload: Mapping[str, Any]) -> dict[str, str]:
    codes = str(payload.get("provider", "")).split(", ")
    return {"provider": listed([getattr(settings.SSO_PROVIDERS.get(code), "name", code) for code in codes])}


def _refused(payload: Mapping[str, Any]) -> dict[str, str]:
    cause = str(payload.get("cause", ""))
    named = {"cause": str(dict(SsoCause.choices).get(cause, cause)), "subject": payload.get("subject") or "–"}
    return _provider(payload) | named


register(
    Kind("user.created", _("%(actor)s created the account."), {"new_roles": "list"}),
    Kind("user.changed", _("%(actor)s changed the account."), {"columns": "list"}),
    Kind("user.language_set", _("%(actor)s switched the language."), {"language": "code"}),
    Kind(
        "user.roles_changed",
        _("%(actor)s changed the roles from %(old_roles)s to %(new_roles)s."),
        {"old_roles": "list", "new_roles": "list"},
        show=_roles,
    ),
    Kind("user.activated", _("%(actor)s activated the account. %(reason)s")),
    Kind("user.deactivated", _("%(actor)s deactivated the account and ended its sessions. %(reason)s")),
    Kind("user.password_changed", _("%(actor)s set a new password.")),
    Kind("user.invited", _("%(actor)s issued a link for setting the password.")),
    Kind("user.sessions_ended", _("%(actor)s ended all sessions. %(reason)s")),
    Kind("user.unlocked", _("%(actor)s lifted the lock on signing in. %(reason)s")),
    Kind("user.second_factor_set", _("%(actor)s set up the second factor.")),
    Kind("user.second_factor_removed", _("%(actor)s removed the second factor. %(reason)s")),
    Kind(
        "user.sso_linked",
        _("%(actor)s linked the account with the sign-in at %(provider)s."),
        {"provider": "code"},
        show=_provider,
    ),
    Kind(
        "user.sso_unlinked",
        _("%(actor)s removed the linked sign-in at %(provider)s. %(reason)s"),
        {"provider": "code"},
        show=_provider,
    ),
    Kind(
        "user.sso_refused",
        _("A sign-in at %(provider)s was refused: %(cause)s. The provider calls the person %(subject)s."),
        {"provider": "code", "cause": "code", "subject": "code"},
        show=_refused,
    ),
    Kind("user.passkey_added", _("%(actor)s added a passkey."), {"passkey": "id"}),
    Kind("user.passkey_renamed", _("%(actor)s renamed a passkey."), {"passkey": "id"}),
    Kind("user.passkey_removed", _("%(actor)s removed a passkey."), {"passkey": "id"}),
    Kind(
        "user.passkey_copied",
        _("A passkey of %(actor)s was refused: its counter went back, so it may have been copied."),
        {"passkey": "id"},
    ),
    Kind("user.signed_in", _("%(actor)s signed in.")),
    Kind("user.signed_out", _("%(actor)s signed out.")),
    Kind(
        "user.access_denied",
        _("%(actor)s was refused at %(path)s."),
        {"path": "code", "method": "code"},
    ),
    Kind("team.created", _("%(actor)s founded the team."), {"duties": "list"}),
    Kind("team.changed", _("%(actor)s changed the team."), {"columns": "list"}),
    Kind("team.closed", _("%(actor)s closed the team. %(reason)s")),
    Kind("team_member.joined", _("%(actor)s put a person into the team."), {"team": "id", "person": "id"}),
    Kind("team_member.left", _("%(actor)s took a person out of the team."), {"team": "id", "person": "id"}),
    Kind(
        "away.set",
        _("%(actor)s entered an absence: %(away_reason)s."),
        {"person": "id", "away_reason": "code", "from": "moment", "to": "moment"},
        show=_reason,
    ),
    Kind(
        "away.moved",
        _("%(actor)s moved the absence."),
        {"person": "id", "from": "moment", "to": "moment"},
    ),
    Kind("away.ended", _("%(actor)s ended the absence."), {"person": "id"}),
    Kind(
        "shift.planned", _("%(actor)s planned a shift."), {"person": "id", "from": "moment", "to": "moment"}
    ),
    Kind("shift.moved", _("%(actor)s moved the shift."), {"person": "id", "from": "moment", "to": "moment"}),
    Kind("shift.cancelled", _("%(actor)s cancelled the shift. %(reason)s"), {"person": "id"}),
)
