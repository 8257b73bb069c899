"""Every address of the product. Each name has a row in the permission matrix (tests/architecture)."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from accounts.views import set_language
from aftersales.cases.views import money_hook
from aftersales.core import health

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="accounts:home"), name="home"),
    path("health", health.health, name="health"),
    path("ready", health.ready, name="ready"),
    path("admin/", admin.site.urls),
    path("desk/", include("aftersales.desk.urls")),
    path("overview/", include("aftersales.dashboards.urls")),
    path("notices/", include("aftersales.notices.urls")),
    path("measures/", include("aftersales.desk.measureurls")),
    path("rules/consequences/", include("aftersales.desk.consequenceurls")),
    path("rules/scores/", include("aftersales.scorecards.urls")),
    path("rules/months/", include("aftersales.scorecards.rewardurls")),
    path("rules/shadow/", include("aftersales.scorecards.shadowurls")),
    path("rules/ladder/", include("aftersales.clocks.urls")),
    path("rules/promotions/", include("aftersales.standards.promoting.urls")),
    path("rules/circumstances/", include("aftersales.clocks.circumstanceurls")),
    path("rules/", include("aftersales.standards.urls")),
    path("ledger/", include("aftersales.ledger.urls")),
    path("training/", include("training.urls")),
    path("improvement/", include("aftersales.improvement.urls")),
    path("merchants/", include("aftersales.merchants.urls")),
    path("portal/", include("aftersales.portal.urls")),
    path("published/", include("aftersales.portal.publicurls")),
    path("c/", include("aftersales.selfservice.urls")),
    path("sheets/", include("aftersales.core.sheets.urls")),
    path("accounts/", include("accounts.urls")),
    path("hooks/money/<slug:code>/", money_hook, name="money_hook"),
    path("hooks/", include("aftersales.channels.urls")),
    path("language/", set_language, name="set_language"),
    path("customers/", include("aftersales.customers.urls")),
]
