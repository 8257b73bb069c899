"""Parcels and reviews."""

from django.utils.translation import gettext_lazy as _

from aftersales.core.sheets.resource import Column, RowRule, SheetResource
from aftersales.core.sheets.widgets import BoolWidget, ChoiceWidget, KeyWidget, TextWidget, WholeWidget
from aftersales.customers.sheets import stays_erased

from ..models import Review, Shipment
from ..states import ShipmentStatus, Signer
from .shared import merchant, moment, order_no, product, source

ERASED_REVIEW = "EXISTS (SELECT FROM orders_review e WHERE e.id = {target} AND e.erased_at IS NOT NULL)"


class ShipmentSheet(SheetResource):
    """Parcels by order and parcel number."""

    sheet, title, position = "shipments", _("Parcels"), 80
    key = ("order_no", "number")
    view_capability = "orders.view_order"

    source = source()
    order_no = order_no()
    number = Column("number", KeyWidget(64), _("Parcel"), required=True, example="1")
    merchant = merchant()
    carrier = Column("carrier", TextWidget(60), _("Carrier"), example="顺丰")
    tracking_no = Column("tracking_no", KeyWidget(64), _("Tracking number"), example="SF1234567890")
    status = Column("status", ChoiceWidget(ShipmentStatus.choices), _("Parcel status"), example="in_transit")
    promised_at = moment("promised_at", _("Delivery promised"), "2026-11-24")
    shipped_at = moment("shipped_at", _("Handed to the carrier"), "2026-11-20 09:10")
    delivered_at = moment("delivered_at", _("Delivered at"), "")
    signed_by = Column("signed_by", ChoiceWidget(Signer.choices), _("Signed by"))
    signed_place = Column("signed_place", TextWidget(120), _("Signed where"))
    sign_consent = Column("sign_consent", BoolWidget(), _("Recipient agreed to this place"))

    class Meta:
        model = Shipment


class ReviewSheet(SheetResource):
    """Reviews by source, review id and order: one id may stand under several orders."""

    sheet, title, position = "reviews", _("Reviews"), 90
    key = ("source", "review_id", "order_no")
    view_capability = "orders.view_order"
    rules = (
        RowRule(
            "answered_before_written",
            ("answered_at",),
            "{answered_at} < {written_at} - interval '1 day'",
            _("The answer is older than the review."),
            _("Check both times."),
        ),
        *(stays_erased(column, ERASED_REVIEW) for column in ("title_text", "body")),
    )

    source = Column("source", KeyWidget(40), _("Source"), required=True, example="tmall")
    review_id = Column("external_id", KeyWidget(64), _("Review id"), required=True, example="R90001")
    order_no = order_no()
    merchant = merchant()
    product = product()
    score = Column("score", WholeWidget(1, 5), _("Stars"), required=True, example="2")
    title_text = Column("title", TextWidget(200), _("Title"), example="")
    body = Column("body", TextWidget(), _("Text"), example="用了两天就坏了")
    written_at = moment("written_at", _("Written"), "2026-11-22")
    answered_at = moment("answered_at", _("Answered"), "")

    class Meta:
        model = Review
