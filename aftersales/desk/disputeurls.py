"""Addresses of disputes; part of the desk's."""

from django.urls import path

from aftersales.desk.views import disputes

patterns = [
    path("disputes/precedents/", disputes.precedents, name="precedents"),
    path("disputes/evidence/<str:public_id>/", disputes.evidence_file, name="evidence_file"),
    path("disputes/evidence/<str:public_id>/withdraw/", disputes.evidence_withdraw, name="evidence_withdraw"),
    path("disputes/settlements/<str:public_id>/<slug:name>/", disputes.settlement_act, name="settlement_act"),
    path("disputes/<str:number>/", disputes.dispute, name="dispute"),
    path("disputes/<str:number>/rule/", disputes.rule, name="dispute_rule"),
    path("disputes/<str:number>/do/<slug:name>/", disputes.act, name="dispute_act"),
    path("disputes/<str:number>/letters/<slug:kind>/", disputes.letter, name="dispute_letter"),
]
