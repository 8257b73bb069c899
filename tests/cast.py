"""The fixed cast: one person per role, made when a test first asks for it, and teams around them.

``cast.agent``, ``cast.lead`` … are one person per role; ``cast.person(Role.AGENT, …)`` makes more.
Nobody here is a superuser, because nobody is.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Shift, Team, TeamMember, User
from accounts.services import customer_user, system_user
from accounts.states import Duty, Role
from training.models import Certificate, Tier, TierVersion
from training.services import certificate_grant

PASSWORD = "correct-horse-battery"
NAMES = {
    Role.AGENT: "周婷",
    Role.LEAD: "陈立",
    Role.SUPERVISOR: "何敏",
    Role.OPERATIONS: "林岚",
    Role.INSPECTOR: "宋宁",
    Role.ADMINISTRATOR: "赵管",
    Role.AUDITOR: "钱审",
}


class Cast:
    """People by role. Every attribute named like a role is that role's person."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._people: dict[str, User] = {}
        self._team: Team | None = None

    def __getattr__(self, name: str) -> User:
        if name.startswith("_") or name not in Role.values:
            raise AttributeError(name)
        if name not in self._people:
            self._people[name] = self._machine(name) or self._named(Role(name))
        return self._people[name]

    def of(self, role: str) -> User:
        return getattr(self, str(role))

    def person(self, *roles: str, username: str = "", name: str = "", **columns: Any) -> User:
        """One more person. ``password`` is always :data:`PASSWORD`."""
        number = 0 if username and name else User.objects.count() + 1
        user = User(
            username=username or f"{roles[0] if roles else 'guest'}{number}",
            display_name=name or f"员工{number}",
            roles=[str(role) for role in roles],
            created_at=self.now,
            **columns,
        )
        user.set_password(PASSWORD)
        user.save()
        return user

    @property
    def team(self) -> Team:
        """The team of agent and lead: every duty, led by the lead."""
        if self._team is None:
            self._team = self.make_team(
                "first", lead=self.lead, duties=Duty.values, members=[self.lead, self.agent]
            )
        return self._team

    def make_team(
        self, code: str, *, lead: User | None = None, duties: Any = (), members: Any = (), vendor: str = ""
    ) -> Team:
        team = Team(
            code=code, name_zh=f"{code}组", name_en=f"Team {code}", lead=lead, duties=list(duties),
            vendor=vendor, created_at=self.now,
        )  # fmt: skip
        team.save()
        for member in members:
            self.join(team, member)
        return team

    def join(self, team: Team, person: User) -> TeamMember:
        member = TeamMember(team=team, person=person, active_from=self.now - timedelta(days=30))
        member.save()
        return member

    def shift(self, person: User, *, hours_before: float = 2, hours_after: float = 6) -> Shift:
        """A shift around the test's now."""
        shift = Shift(
            person=person,
            starts_at=self.now - timedelta(hours=hours_before),
            ends_at=self.now + timedelta(hours=hours_after),
        )
        shift.save()
        return shift

    def certify(self, person: User, tier: str = "in_post", **columns: Any) -> Certificate:
        """A certificate of a shipped tier: its limits count for this person until it ends."""
        begin = self.now - timedelta(days=10)
        facts: dict[str, Any] = {"valid_from": begin, "valid_to": begin + timedelta(days=365)} | columns
        actor = facts.pop("actor", None) or self.system
        return certificate_grant(
            person=person, tier=Tier.objects.get(code=tier), actor=actor, now=self.now, **facts
        )

    def hold(self, tiers: dict[User, str]) -> None:
        """The same certificates as bare rows, for the many tests that only ask whether somebody has one.

        Nothing happened: no event, no history, no notice to whoever holds it.
        """
        versions = TierVersion.objects.in_force(self.now).filter(tier__code__in=tiers.values())
        terms = {version.tier.code: version for version in versions.select_related("tier").order_by("number")}
        begin = self.now - timedelta(days=10)
        facts = {
            "valid_from": begin, "valid_to": begin + timedelta(days=365), "granted_by": self.system,
            "granted_at": self.now,
        }  # fmt: skip
        Certificate.objects.bulk_create(
            Certificate(
                number=f"ZS-{person.pk}-{code}", person=person, tier=terms[code].tier,
                duties=sorted(terms[code].duties), rule_version=terms[code].citation, **facts,
            )
            for person, code in tiers.items()
        )  # fmt: skip

    def of_a_shop(self, role: str, merchant: Any = None) -> User:
        """This role's person, who acts for a merchant: the given one, or one made here."""
        from aftersales.merchants.models import MerchantMember
        from tests.records import merchant as a_merchant

        person = self.of(role)
        if not MerchantMember.objects.filter(user=person, active_to=None).exists():
            MerchantMember(
                merchant=merchant or a_merchant(f"M-{role}", self.now), user=person,
                role="owner" if role == Role.MERCHANT_OWNER else "clerk", active_from=self.now,
            ).save()  # fmt: skip
        return person

    def client(self, role: str | User, shop: Any = None) -> Client:
        """A browser in which this person is signed in; ``shop``: the merchant that he chose to act for."""
        client = Client()
        client.force_login(role if isinstance(role, User) else self.of(role))
        if shop is not None:
            client.post("/portal/shop/chosen/", {"merchant": shop.public_id})
        return client

    def _named(self, role: Role) -> User:
        return self.person(role, username=role.value, name=NAMES.get(role, role.value))

    def _machine(self, name: str) -> User | None:
        makers = {Role.SYSTEM: system_user, Role.CUSTOMER: customer_user}
        return makers[Role(name)](self.now) if name in makers else None


@pytest.fixture
def cast(db: None, now: datetime) -> Cast:
    return Cast(now)
