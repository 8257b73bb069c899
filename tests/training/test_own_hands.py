"""Nobody writes his own tier, certificate, requirement or figures, by whatever path."""

import pytest
from django.urls import NoReverseMatch, reverse

from aftersales.core.models import Event
from aftersales.core.sheets.resource import registered
from training import services
from training.models import Certificate, Fact, Tier, TierVersion

pytestmark = pytest.mark.django_db
OWN = ("supervisor", "operations", "trainer")


def everything() -> tuple[list[dict], list[dict], int]:
    return (
        list(Certificate.objects.order_by("pk").values()),
        list(TierVersion.objects.order_by("pk").values("pk", "state", "number", "handled")),
        Fact.objects.count(),
    )


def paths(row: Certificate, waiting: Certificate, me) -> list[tuple[str, dict[str, str]]]:
    """Every address that changes a certificate, aimed at the person's own rows."""
    lead = str(Tier.objects.get(code="lead").pk)
    found = [
        (reverse("training:grant", args=[me.pk]), {"grant-tier": lead, "grant-reason": "x"}),
        (
            reverse("training:grant", args=[me.pk]),
            {"grant-tier": lead, "grant-reason": "x", "grant-by_exception": "on"},
        ),
        (reverse("training:renew", args=[me.pk, row.public_id]), {"reason": "x"}),
        (reverse("training:decide", args=["tier", "senior", 2]), {"act": "activate"}),
    ]
    for name in sorted(services.ACTS):
        for one in (row, waiting):
            found.append((reverse("training:certificate_act", args=[one.public_id, name]), {"reason": "x"}))
    return found


@pytest.mark.parametrize("role", OWN)
def test_no_form_and_no_direct_post_changes_what_is_ones_own(cast, now, role) -> None:
    me, other = cast.of(role), cast.of("operations" if role != "operations" else "supervisor")
    row = cast.certify(me)
    draft = services.tier_draft(
        tier=Tier.objects.get(code="in_post"),
        actor=other,
        now=now,
        handled=50,
        no_suspension=False,
        days_below=0,
    )
    services.rule_activate(
        draft=draft, actor=cast.supervisor if other != cast.supervisor else cast.operations, now=now
    )
    services.tier_draft(tier=Tier.objects.get(code="senior"), actor=me, now=now, handled=1)
    waiting = services.certificate_grant(
        person=me, tier=Tier.objects.get(code="in_post"), actor=other, now=now, valid_from=row.valid_to,
        reason="例外", by_exception=True,
    )  # fmt: skip
    assert waiting.state == "proposed"
    before, browser = everything(), cast.client(me)
    for address, data in paths(row, waiting, me):
        answer = browser.post(address, data)
        assert answer.status_code in {302, 403, 404}, address
        assert everything() == before, (address, data)


def test_registers_sheets_and_histories_have_no_way_in(cast, now) -> None:
    row, browser = cast.certify(cast.supervisor), cast.client(cast.supervisor)
    for model in ("certificate", "tier", "tierversion", "requirement", "limit", "fact"):
        for page, args in (("add", []), ("change", [row.pk]), ("history", [row.pk]), ("delete", [row.pk])):
            try:
                address = reverse(f"admin:training_{model}_{page}", args=args)
            except NoReverseMatch:
                address = f"/admin/training/{model}/{row.pk}/{page}/"
            assert browser.post(address, {"valid_to": "2099-01-01"}).status_code in {302, 403, 404, 405}
    ours = {Certificate, Tier, TierVersion, Fact}
    assert not [one for one in registered() if one._meta.model in ours]
    row.refresh_from_db()
    assert (row.state, row.version) == ("certified", 1)
    assert Event.objects.filter(kind__startswith="certificate.").count() == 1
