"""Addresses of a merchant's obligations; part of the desk's."""

from django.urls import path

from aftersales.desk.views import obligations, shops

patterns = [
    path("shops/", shops.index, name="shops"),
    path("shops/<str:code>/", shops.shop, name="shop"),
    path("shops/<str:code>/talk/", shops.talk, name="shop_talk"),
    path("shops/<str:code>/plan/", shops.plan_open, name="plan_open"),
    path("plans/files/<str:public_id>/", shops.plan_file, name="plan_file"),
    path("plans/<str:number>/", shops.plan, name="plan"),
    path("plans/<str:number>/do/<slug:name>/", shops.plan_act, name="plan_act"),
    path("merchants/<str:code>/obligations/", obligations.obligations, name="obligations"),
    path("merchants/<str:code>/breaches/<int:pk>/exclude/", obligations.exclude, name="breach_exclude"),
    path("merchants/<str:code>/exclusions/<int:pk>/end/", obligations.count_again, name="breach_count_again"),
]
