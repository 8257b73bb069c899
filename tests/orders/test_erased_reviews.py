"""A review's words go with the customer who wrote them; stars and days stay; no file brings the words back."""

from datetime import datetime

from aftersales.customers.models import Customer
from aftersales.customers.services import customer_erase
from aftersales.orders.models import Order, Review
from tests.cast import Cast
from tests.core.sheets.steps import apply, check, rows_as_csv, verdicts
from tests.records import order

WHY = "客户要求删除"
SECRET = "我住文三路 1 号"


def reviewed(number: str, now: datetime) -> Review:
    buyer = Customer.objects.create(code=f"C-{number}", name="王五")
    of: Order = order(number, now, customer=buyer)
    return Review.objects.create(
        source="shop", external_id=f"R{number}", order=of, score=2, title=SECRET, body=SECRET, written_at=now
    )


def test_the_words_of_reviews_go_with_their_customer(cast: Cast, now: datetime) -> None:
    row, other = reviewed("N1", now), reviewed("N2", now)
    for _twice in range(2):
        customer_erase(customer=row.order.customer, actor=cast.privacy_officer, reason=WHY, now=now)
    for one in (row, other):
        one.refresh_from_db()
    assert (row.title, row.body, row.score, row.written_at, row.erased_at, row.version) == (
        "",
        "",
        2,
        now,
        now,
        2,
    )
    assert other.body == SECRET


def test_no_file_brings_them_back(cast: Cast, now: datetime) -> None:
    row = reviewed("N1", now)
    customer_erase(customer=row.order.customer, actor=cast.privacy_officer, reason=WHY, now=now)
    columns = ["source", "review_id", "order_no", "score", "body"]
    for body, refused in ((SECRET, True), ("", False)):
        file = rows_as_csv(columns, ["shop", "RN1", "N1", "5", body])
        upload = check("reviews", file, actor=cast.operations, now=now)
        assert ("erased" in str(verdicts(upload))) is refused
        apply(upload, now=now)
    row.refresh_from_db()
    assert (row.body, row.score) == ("", 5)
