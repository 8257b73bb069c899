"""Import and export columns of customers: a person, the accounts he has, the contacts we reach him by."""

from django.utils.translation import gettext_lazy as _

from aftersales.core.sheets.resource import (
    Attached,
    Column,
    RowRule,
    SheetResource,
    ShippedProfile,
    register,
    ship,
)
from aftersales.core.sheets.sqltext import public_ids
from aftersales.core.sheets.widgets import ChoiceWidget, EmailWidget, KeyWidget, TextWidget, WholeWidget

from .models import Customer
from .states import ContactKind, CustomerClass, Gender

ACCOUNT = Attached(
    columns=("account_id", "source"),
    missing=(
        "{account_id} IS NOT NULL AND NOT EXISTS (SELECT FROM customers_customeraccount k "
        "WHERE k.source = {source} AND k.external_id = {account_id})"
    ),
    insert=(
        "INSERT INTO customers_customeraccount (customer_id, source, external_id) "
        "SELECT {target}, {source}, {account_id} {rows} WHERE {account_id} IS NOT NULL "
        "ORDER BY {source}, {account_id} ON CONFLICT (source, external_id) DO NOTHING"
    ),
    wrong=(
        (
            "EXISTS (SELECT FROM customers_customeraccount k WHERE k.source = {source} "
            "AND k.external_id = {account_id} AND k.customer_id IS DISTINCT FROM {target})",
            "account_elsewhere",
        ),
        ("{account_id} IS NOT NULL AND {source} IS NULL", "required"),
    ),
)


def search_key(kind: str, column: str) -> str:
    """The generated column of contacts, as SQL over a cell (a test compares it with customers.rules)."""
    if kind == ContactKind.PHONE:
        digits = f"regexp_replace({{{column}}}, '[^0-9]', '', 'g')"
        return rf"regexp_replace({digits}, '^(0086|86)(1[0-9]{{{{10}}}})$', '\2')"
    return rf"lower(regexp_replace({{{column}}}, '\s', '', 'g'))"


# Whose data was erased does not get it back by a file.
ERASED = "EXISTS (SELECT FROM customers_customer e WHERE e.id = {target} AND e.erased_at IS NOT NULL)"


def stays_erased(column: str, erased: str = ERASED) -> RowRule:
    """What the erasure emptied on the person's own row (services.customer_erase), or on one that is ``erased``."""
    return RowRule(
        f"erased_{column}",
        (column,),
        broken=f"{{{column}}} <> '' AND {erased}",
        reason=_("The data of this person was erased and does not come back by a file."),
        remedy=_("Leave the cell empty, or the row out."),
    )


def contact(kind: str, column: str) -> Attached:
    """A contact is added when the person does not have it yet; a sheet never removes one."""
    known = (
        "SELECT FROM customers_contact k WHERE k.customer_id = {target} AND k.erased_at IS NULL "
        f"AND k.kind = '{kind}' AND k.search_key = {search_key(kind, column)}"
    )
    return Attached(
        columns=(column,),
        wrong=((f"{{{column}}} IS NOT NULL AND {ERASED}", "erased"),),
        missing=f"{{{column}}} NOT LIKE '%*%' AND NOT EXISTS ({known})",
        insert=(
            "INSERT INTO customers_contact (public_id, version, customer_id, kind, value, label, preferred) "
            f"SELECT {public_ids('row_number() OVER ()')}, 1, "
            f"x.target, '{kind}', x.value, '', false FROM (SELECT DISTINCT {{target}} AS target, {{{column}}} AS value "
            f"{{rows}} WHERE {{{column}}} NOT LIKE '%*%' AND NOT EXISTS ({known})) AS x ON CONFLICT DO NOTHING"
        ),
    )


def first_contact(kind: str) -> str:
    """The contact that an export shows: the preferred one, else the newest."""
    return (
        f"(SELECT k.value FROM customers_contact k WHERE k.customer_id = t.id AND k.kind = '{kind}' "
        "AND k.erased_at IS NULL ORDER BY k.preferred DESC, k.id DESC LIMIT 1)"
    )


def first_account(column: str) -> str:
    return f"(SELECT k.{column} FROM customers_customeraccount k WHERE k.customer_id = t.id ORDER BY k.id LIMIT 1)"


class CustomerSheet(SheetResource):
    """Persons by their code; one row for each account, so a person with several accounts has several rows."""

    sheet, title, position = "customers", _("Customers"), 20
    key = ("code",)
    row_key = ("source", "account_id")
    attached = (
        ACCOUNT,
        contact(ContactKind.PHONE, "phone"),
        contact(ContactKind.EMAIL, "email"),
        contact(ContactKind.ADDRESS, "address"),
    )
    view_capability = "customers.view_customer"
    rules = tuple(stays_erased(column) for column in ("name", "gender", "postcode"))

    code = Column("code", KeyWidget(64), _("Customer code"), required=True, example="C20001")
    source = Column(None, KeyWidget(40), _("Source"), example="tmall", export=first_account("source"))
    account_id = Column(
        None,
        KeyWidget(64),
        _("Account id"),
        example="tb88120",
        export=first_account("external_id"),
    )
    name = Column("name", TextWidget(120), _("Name"), example="王小明", personal="name")
    gender = Column("gender", ChoiceWidget(Gender.choices), _("Gender"), example="male")
    customer_class = Column(
        "customer_class",
        ChoiceWidget(CustomerClass.choices),
        _("Class"),
        example="general",
    )
    service_level = Column("service_level", WholeWidget(0, 9), _("Service level"), example="1")
    province = Column("province", TextWidget(60), _("Province"), example="浙江省")
    city = Column("city", TextWidget(80), _("City"), example="杭州市")
    postcode = Column("postcode", KeyWidget(20), _("Postcode"), example="310000")
    phone = Column(
        None,
        TextWidget(40),
        _("Phone"),
        example="13900001234",
        personal="phone",
        export=first_contact(ContactKind.PHONE),
    )
    email = Column(
        None,
        EmailWidget(160),
        _("E-mail"),
        example="wang@example.com",
        personal="email",
        export=first_contact(ContactKind.EMAIL),
    )
    address = Column(
        None,
        TextWidget(300),
        _("Address"),
        example="西湖区文三路 1 号",
        personal="address",
        export=first_contact(ContactKind.ADDRESS),
    )

    class Meta:
        model = Customer


OLIST = ShippedProfile(
    "olist",
    "customers",
    _("Olist: customers"),
    {
        "columns": {
            "customer_id": "account_id",
            "customer_unique_id": "code",
            "customer_zip_code_prefix": "postcode",
            "customer_city": "city",
            "customer_state": "province",
        },
        "constants": {"source": "olist"},
    },
    source="olist_customers_dataset.csv",
)

register(CustomerSheet)
ship(OLIST)
