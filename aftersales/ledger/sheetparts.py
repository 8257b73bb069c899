"""What sheets of the ledger say of an entry, an account and an amount, as SQL; the same words as the pages."""

from collections.abc import Iterable

from aftersales.core.sheets.told import word_of
from aftersales.core.sheets.widgets import quote
from aftersales.ledger.states import MERCHANT_ACCOUNTS, POINTS, STAFF_ACCOUNTS, AccountKind


def _among(kinds: Iterable[str]) -> str:
    return ", ".join(quote(kind) for kind in sorted(kinds))


def number(key: str) -> str:
    """The number of an entry by its key, as ``Journal.number`` writes it; empty for none."""
    digits = f"({key})::text"
    return f"('JZ' || lpad({digits}, greatest(8, length({digits})), '0'))"


def amount(value: str, unit: str) -> str:
    """Exactly what is stored: money with its cents, whole points without."""
    return (
        f"CASE WHEN {unit} = {quote(POINTS)} AND {value} = trunc({value}) THEN trunc({value})::text "
        f"ELSE ({value})::numeric(20,2)::text END"
    )


def account(row: str) -> str:
    """What an account is called, in the reader's language."""
    return word_of(f"{row}.kind", lambda: AccountKind.choices)()


def code(row: str) -> str:
    """By which code people know whose account it is: the merchant's, the user name."""
    return _of_party(row, "m.code", "u.username")


def whose(row: str) -> str:
    """Whose account it is: the merchant, the person, the customer's key; nobody's for the platform's own."""
    unknown = f"'#' || {row}.subject_id"
    name = _of_party(row, "m.name", "coalesce(nullif(u.display_name, ''), u.username)")
    return (
        f"CASE WHEN {row}.kind IN ({_among(MERCHANT_ACCOUNTS | STAFF_ACCOUNTS)}) THEN coalesce({name}, {unknown}) "
        f"WHEN {row}.kind = {quote(AccountKind.CUSTOMER.value)} THEN {unknown} END"
    )


def _of_party(row: str, merchant: str, person: str) -> str:
    shop = f"(SELECT {merchant} FROM merchants_merchant m WHERE m.id = {row}.subject_id)"  # noqa: S608 - our own words
    user = f"(SELECT {person} FROM accounts_user u WHERE u.id = {row}.subject_id)"  # noqa: S608 - our own words
    return (
        f"CASE WHEN {row}.kind IN ({_among(MERCHANT_ACCOUNTS)}) THEN {shop} "
        f"WHEN {row}.kind IN ({_among(STAFF_ACCOUNTS)}) THEN {user} END"
    )
