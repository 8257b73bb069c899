"""The people of the demonstration: one login per role that matters, colleagues, teams and shifts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import services
from accounts.models import Team, User
from accounts.states import Duty, Kind, Role
from aftersales.core.errors import DomainError

PASSWORD = "aftersales-demo"  # noqa: S105  printed at every start; these accounts cannot sign in in production
DAYS_BEFORE = 60
DAYS_AFTER = 14


@dataclass(frozen=True)
class Login:
    username: str
    password: str
    display_name: str
    role: Role


LOGINS = (
    Login("agent", PASSWORD, "周婷", Role.AGENT),
    Login("lead", PASSWORD, "陈立", Role.LEAD),
    Login("operations", PASSWORD, "林岚", Role.OPERATIONS),
    Login("supervisor", PASSWORD, "何敏", Role.SUPERVISOR),
    Login("receiver", PASSWORD, "叶青", Role.RETURNS_RECEIVER),
    Login("finance", PASSWORD, "顾清", Role.FINANCE),
    Login("adjudicator", PASSWORD, "严正", Role.ADJUDICATOR),
    Login("adjudicator2", PASSWORD, "秦莉", Role.ADJUDICATOR),
    Login("authority", PASSWORD, "韩松", Role.AUTHORITY_DESK),
    Login("inspector", PASSWORD, "宋宁", Role.INSPECTOR),
    Login("auditor", PASSWORD, "钱文", Role.AUDITOR),
    Login("administrator", PASSWORD, "赵启明", Role.ADMINISTRATOR),
)
COLLEAGUES = (
    Login("merchants", PASSWORD, "沈冰", Role.MERCHANT_MANAGER),
    Login("privacy", PASSWORD, "郑洁", Role.PRIVACY_OFFICER),
    Login("planner", PASSWORD, "邓琳", Role.PLANNER),
    Login("lihao", PASSWORD, "李浩", Role.AGENT),
    Login("wangxue", PASSWORD, "王雪", Role.AGENT),
    Login("zhaolei", PASSWORD, "赵磊", Role.AGENT),
    Login("sunyan", PASSWORD, "孙妍", Role.AGENT),
    Login("wubo", PASSWORD, "吴波", Role.AGENT),
    Login("xujing", PASSWORD, "徐静", Role.AGENT),
    Login("gaofei", PASSWORD, "高飞", Role.AGENT),
    Login("masihan", PASSWORD, "马思涵", Role.AGENT),
    Login("luo", PASSWORD, "罗成", Role.LEAD),
    Login("tangwei", PASSWORD, "唐薇", Role.LEAD),
    Login("vendorlead", PASSWORD, "冯涛", Role.VENDOR_LEAD),
    Login("vendoragent", PASSWORD, "蒋欣", Role.VENDOR_AGENT),
)

SHOPKEEPERS = (
    Login("shopowner", PASSWORD, "苏航", Role.MERCHANT_OWNER),
    Login("shopclerk", PASSWORD, "季晴", Role.MERCHANT_CLERK),
    Login("shopclerk2", PASSWORD, "白露", Role.MERCHANT_CLERK),
)
"""People of merchants; the demonstration of merchants' training lets them act for some."""


@dataclass(frozen=True)
class Group:
    code: str
    name_zh: str
    name_en: str
    duties: tuple[Duty, ...]
    lead: str
    members: tuple[str, ...]
    vendor: str = ""


GROUPS = (
    Group("orders", "订单物流组", "Orders and logistics", (Duty.ORDERS, Duty.LOGISTICS), "lead",
          ("agent", "lihao", "wangxue", "sunyan")),
    Group("money", "退换退款组", "Returns and payments", (Duty.RETURNS, Duty.PAYMENT), "luo",
          ("agent", "zhaolei", "wubo")),
    Group("repair", "维修组", "Repair", (Duty.REPAIR,), "luo", ("gaofei",)),
    Group("care", "投诉应急组", "Complaints and emergencies", (Duty.COMPLAINTS, Duty.EMERGENCY), "tangwei",
          ("xujing", "masihan")),
    Group("process", "流程组", "Process", (Duty.PROCESS,), "operations", ("supervisor",)),
    Group("authority", "监管事务组", "Authority matters", (Duty.AUTHORITY,), "supervisor", ("authority",)),
    Group("night", "外包夜间组", "Outsourced night team", (Duty.ORDERS, Duty.LOGISTICS), "vendorlead",
          ("vendoragent",), "云桥客服有限公司"),
)  # fmt: skip


@transaction.atomic
def create(now: datetime) -> dict[str, User]:
    """All demo people by user name. A second run finds them and makes nothing. Refused in production."""
    if settings.PRODUCTION:
        raise DomainError(_("Demo accounts are not made in production."), "production")
    born = now - timedelta(days=DAYS_BEFORE + 30)
    actor = services.system_user(born)
    found = {user.username: user for user in User.objects.filter(kind=Kind.DEMO)}
    people = {
        who.username: found.get(who.username) or _person(who, actor, born)
        for who in (*LOGINS, *COLLEAGUES, *SHOPKEEPERS)
    }
    fresh = [group for group in GROUPS if not Team.objects.filter(code=group.code).exists()]
    for group in fresh:
        _team(group, people, actor, born)
    if fresh:
        services.shifts_plan(plans=list(_shifts(people, now)), actor=actor, now=born)
    return people


def _person(who: Login, actor: User, born: datetime) -> User:
    return services.user_create(
        username=who.username, display_name=who.display_name, roles=[who.role], actor=actor, now=born,
        password=who.password, kind=Kind.DEMO, email=f"{who.username}@demo.invalid",
    )  # fmt: skip


def _team(group: Group, people: dict[str, User], actor: User, born: datetime) -> None:
    team = services.team_create(
        code=group.code, name_zh=group.name_zh, name_en=group.name_en, duties=group.duties,
        lead=people[group.lead], vendor=group.vendor, actor=actor, now=born,
    )  # fmt: skip
    for username in group.members:
        services.team_join(team=team, person=people[username], actor=actor, now=born)


AT_WORK_SINCE, AT_WORK_FOR = timedelta(hours=2), timedelta(hours=10)


def _shifts(people: dict[str, User], now: datetime) -> list[tuple[User, datetime, datetime]]:
    """Early and late turns every day; the logins are on duty at the moment the demonstration starts."""
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    plans = []
    logins = {who.username for who in LOGINS}
    staff = {username: person for username, person in people.items() if person.is_staff}
    for number, (username, person) in enumerate(sorted(staff.items())):
        begin = 20 if username.startswith("vendor") else (8 if number % 2 else 12)
        for day in range(-DAYS_BEFORE, DAYS_AFTER):
            start = today + timedelta(days=day, hours=begin)
            plans.append((person, start, start + timedelta(hours=12)))
        if username in logins:
            plans = [one for one in plans if one[0] != person or not _near(one, now)]
            plans.append((person, now - AT_WORK_SINCE, now + AT_WORK_FOR))
    return plans


def _near(plan: tuple[User, datetime, datetime], now: datetime) -> bool:
    return plan[1] < now + AT_WORK_FOR and plan[2] > now - AT_WORK_SINCE
