"""The rows of the pages of scores and results; see ``permissions``."""

from tests.architecture.rows import STAFF, Page, R

EXPORTERS = frozenset({R.MERCHANT_MANAGER, R.OPERATIONS, R.AUDITOR})
SCORE_READERS = EXPORTERS | {
    R.ADJUDICATOR,
    R.SUPERVISOR,
}  # who decides or hears what rests on figures reads them
PEOPLE_READERS = frozenset({R.SUPERVISOR, R.AUDITOR})
SHOP = {"public_id": "x"}
BEHIND = {"public_id": "x", "code": "orders"}
SOMEBODY = {"kind": "person", "pk": 999}

FIGURES = {
    "dashboards:merchants": Page(SCORE_READERS),
    "dashboards:merchants_out": Page(EXPORTERS, sample={"fmt": "csv"}),
    "dashboards:merchant": Page(SCORE_READERS, sample=SHOP),
    "dashboards:merchant_beside": Page(SCORE_READERS, sample=SHOP),
    "dashboards:merchant_rows": Page(SCORE_READERS, sample=BEHIND),
    "dashboards:merchant_replay": Page(SCORE_READERS, sample=SHOP),
    "dashboards:merchant_replay_rows": Page(SCORE_READERS, sample=BEHIND),
    "dashboards:benchmark": Page(SCORE_READERS),
    "dashboards:duties": Page(SCORE_READERS),
    "dashboards:merchant_duties": Page(SCORE_READERS, sample=SHOP),
    "dashboards:products": Page(SCORE_READERS),
    "dashboards:product": Page(SCORE_READERS, sample=SHOP),
    "dashboards:product_rows": Page(SCORE_READERS, sample=BEHIND),
    "dashboards:partners": Page(SCORE_READERS | PEOPLE_READERS),
    "dashboards:partner_list": Page(SCORE_READERS, sample={"kind": "carrier"}),
    "dashboards:partner": Page(SCORE_READERS, sample={"kind": "carrier"}),
    "dashboards:partner_rows": Page(SCORE_READERS, sample={"kind": "carrier", "code": "parcels"}),
    "dashboards:carrier_lanes": Page(SCORE_READERS, sample={"kind": "carrier"}),
    "dashboards:results": Page(STAFF),
    "dashboards:result": Page(STAFF, sample=SOMEBODY),
    "dashboards:result_rows": Page(STAFF, sample=SOMEBODY | {"code": "tickets"}),
}
