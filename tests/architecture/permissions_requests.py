"""Pages of small requests in the portal."""

from tests.architecture.rows import MERCHANTS, Page

REQUESTS_IN_PORTAL = {
    "portal:requests": Page(MERCHANTS),
    "portal:request": Page(MERCHANTS, sample={"public_id": "x"}),
}
