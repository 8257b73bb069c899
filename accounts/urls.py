"""Sign-in addresses. Only the pages we use: no sign-up, no e-mail management, no sign-in by code."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from django.urls import include, path, re_path

from accounts import views
from accounts.passkeys import views as passkeys
from accounts.sso import views as sso

own = [
    path("", views.home, name="home"),
    path("taste/", views.taste, name="taste"),
    path("people/<int:pk>/close/", views.user_deactivate, name="user_deactivate"),
    path("people/<int:pk>/open/", views.user_activate, name="user_activate"),
    path("people/<int:pk>/sign-out/", views.user_end_sessions, name="user_end_sessions"),
    path("people/<int:pk>/unlock/", views.sign_in_unlock, name="sign_in_unlock"),
    path("people/<int:pk>/second-factor/", views.second_factor_reset, name="second_factor_reset"),
    path("people/<int:pk>/invitation/", views.user_invite, name="user_invite"),
    path("teams/<int:pk>/close/", views.team_close, name="team_close"),
    path("teams/<int:pk>/join/", views.team_join, name="team_join"),
    path("members/<int:pk>/leave/", views.team_leave, name="team_leave"),
    path("shifts/<int:pk>/cancel/", views.shift_cancel, name="shift_cancel"),
    path("away/<int:pk>/end/", views.away_end, name="away_end"),
    path("sso/", sso.index, name="sso"),
    path("sso/confirm/", sso.confirm, name="sso_confirm"),
    path("sso/<slug:code>/start/", sso.start, name="sso_start"),
    path("sso/<slug:code>/back/", sso.back, name="sso_back"),
    path("sso/<slug:code>/link/", sso.link, name="sso_link"),
    path("sso/<slug:code>/remove/", sso.unlink, name="sso_unlink"),
    path("people/<int:pk>/sso/remove/", sso.reset, name="sso_reset"),
]

urlpatterns = [
    path("", include((own, "accounts"))),
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("again/", account.reauthenticate, name="account_reauthenticate"),
    path("password/", account.password_change, name="account_change_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/sent/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("2fa/", passkeys.FactorsView.as_view(), name="mfa_index"),
    path("2fa/code/", passkeys.SecondView.as_view(), name="mfa_authenticate"),
    path("2fa/again/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("2fa/app/", passkeys.AddAppView.as_view(), name="mfa_activate_totp"),
    path("2fa/app/remove/", passkeys.RemoveAppView.as_view(), name="mfa_deactivate_totp"),
    path("2fa/passkeys/add/", passkeys.AddView.as_view(), name="mfa_add_webauthn"),
    path("2fa/passkeys/again/", passkeys.AgainView.as_view(), name="mfa_reauthenticate_webauthn"),
    path("2fa/passkeys/sign-in/", passkeys.SignInView.as_view(), name="mfa_login_webauthn"),
    path("2fa/passkeys/<int:pk>/name/", passkeys.RenameView.as_view(), name="mfa_edit_webauthn"),
    path("2fa/passkeys/<int:pk>/remove/", passkeys.RemoveView.as_view(), name="mfa_remove_webauthn"),
    path("2fa/codes/", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("2fa/codes/new/", recovery.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("2fa/codes/download/", recovery.download_recovery_codes, name="mfa_download_recovery_codes"),
]
