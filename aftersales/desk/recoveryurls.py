"""Addresses of recoveries, write-offs and deposits; part of the desk's."""

from django.urls import path

from aftersales.desk.views import recoveries

patterns = [
    path("recoveries/", recoveries.board, name="recoveries"),
    path("recoveries/write-offs/", recoveries.write_offs, name="write_offs"),
    path(
        "recoveries/write-offs/<str:public_id>/<slug:name>/", recoveries.write_off_act, name="write_off_act"
    ),
    path("recoveries/deposits/", recoveries.deposits, name="deposits"),
    path("recoveries/deposits/<str:public_id>/", recoveries.deposit, name="deposit"),
    path("recoveries/proofs/<str:public_id>/", recoveries.proof, name="recovery_proof"),
    path("recoveries/<str:number>/", recoveries.recovery, name="recovery"),
    path("recoveries/<str:number>/file/", recoveries.claim_file, name="recovery_file"),
    path("recoveries/<str:number>/do/<slug:name>/", recoveries.act, name="recovery_act"),
    path("cases/<str:number>/pay-first/", recoveries.pay_first, name="case_pay_first"),
]
