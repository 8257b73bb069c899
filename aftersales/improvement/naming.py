"""What people call the subject of a warning."""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aftersales.cases.states import Ground
from aftersales.improvement.models import Warning
from aftersales.improvement.states import Surged
from aftersales.tickets.states import Kind


def cause(key: str) -> str:
    """A cause's code in words: the problem's kind, or the ground that a case names."""
    sort, _sep, code = key.partition(":")
    words = dict(Kind.choices if sort == "kind" else Ground.choices)
    return str(words.get(code, code))


def batch(key: str) -> str:
    """A batch by the maker's name; else the week in which it was sent."""
    code = key.partition("|")[2]
    if code.startswith("w"):
        return _("sent in week %(week)s") % {"week": code[1:].replace("-W", "/")}
    return _("batch %(batch)s") % {"batch": code[1:]}


def name_of(row: Warning) -> str:
    """Product, merchant, batch, carrier or cause; ``product`` and ``merchant`` at hand save a query each."""
    if row.kind == Surged.CAUSE:
        return cause(row.key)
    if row.kind == Surged.MERCHANT and row.merchant is not None:
        return str(row.merchant.name)
    if row.kind in {Surged.PRODUCT, Surged.BATCH} and row.product is not None:
        product = row.product.name or row.product.code
        if row.kind == Surged.PRODUCT:
            return str(product)
        return pgettext("surge", "%(product)s, %(batch)s") % {"product": product, "batch": batch(row.key)}
    return str(row.key)
