"""The environment that names sign-in providers: a wrong value stops the start with one sentence."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from accounts.sso import config

GOOD = {
    "SSO_PROVIDERS": "corp",
    "SSO_CORP_ISSUER": "https://login.example.com/realms/house",
    "SSO_CORP_CLIENT_ID": "aftersales",
    "SSO_CORP_SECRET": "s",
}


def read(monkeypatch: pytest.MonkeyPatch, **more: str) -> dict[str, config.Provider]:
    for name, value in {**GOOD, **more}.items():
        monkeypatch.setenv(name, value)
    return dict(config.read(production=True))


def test_nothing_is_configured_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSO_PROVIDERS", raising=False)
    assert config.read(production=True) == {}


def test_several_providers_each_with_its_own_values(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from-a-file\n")
    found = read(
        monkeypatch, SSO_PROVIDERS="corp, partner", SSO_CORP_DOMAINS="Example.com,@example.org",
        SSO_CORP_SECOND_FACTOR="amr:mfa,acr:gold", SSO_PARTNER_NAME="云桥", SSO_PARTNER_CLIENT_ID="p",
        SSO_PARTNER_ISSUER="https://id.example.net/", SSO_PARTNER_SECRET_FILE=str(file), SSO_PARTNER_PROMPT="any",
    )  # fmt: skip
    assert list(found) == ["corp", "partner"]
    assert found["corp"].domains == {"example.com", "example.org"}
    assert found["corp"].acr_values == "gold"
    assert (found["partner"].secret, found["partner"].issuer) == ("from-a-file", "https://id.example.net/")
    assert (found["corp"].prompt, found["partner"].prompt) == ("select_account", "")
    assert "from-a-file" not in repr(found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SSO_PROVIDERS", "corp,corp"),
        ("SSO_PROVIDERS", "Corp!"),
        ("SSO_CORP_ISSUER", "http://login.example.com"),
        ("SSO_CORP_ISSUER", ""),
        ("SSO_CORP_ISSUER", "https://login.example.com/?a=b"),
        ("SSO_CORP_SECRET", ""),
        ("SSO_CORP_SECRET_FILE", "/nowhere/secret"),
        ("SSO_CORP_CLIENT_ID", ""),
        ("SSO_CORP_DOMAINS", "*.example.com"),
        ("SSO_CORP_SECOND_FACTOR", "mfa"),
        ("SSO_CORP_PROMPT", "none"),
    ],
)
def test_a_wrong_value_stops_the_start(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured, match="SSO_"):
        read(monkeypatch, **{name: value})


def test_the_only_way_needs_a_provider() -> None:
    with pytest.raises(ImproperlyConfigured, match="SSO_ONLY"):
        config.only(True, {})
