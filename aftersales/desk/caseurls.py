"""Addresses of cases, boards and the receiving desk; part of the desk's."""

from django.urls import path

from aftersales.desk.views import (
    automatic,
    boards,
    cases,
    pagelinks,
    receiving,
    receivingdesk,
    repairs,
    requests,
)

patterns = [
    path("cases/", boards.cases, name="cases"),
    path("cases/parcels/<str:public_id>/<slug:name>/", cases.parcel_act, name="parcel_act"),
    path("cases/photos/<str:public_id>/", receiving.photo, name="parcel_photo"),
    path("cases/<str:number>/", cases.case, name="case"),
    path("cases/<str:number>/print/", cases.printed, name="case_print"),
    path("cases/<str:number>/slip/", receiving.slip, name="case_slip"),
    path("cases/<str:number>/preview/", cases.case_preview, name="case_preview"),
    path("cases/<str:number>/return-freight/", cases.return_freight, name="case_freight"),
    path("cases/<str:number>/merchant-told/", cases.merchant_told, name="case_merchant_told"),
    path("cases/<str:number>/reviewed/", cases.reviewed, name="case_reviewed"),
    path("cases/<str:number>/do/<slug:name>/", cases.case_act, name="case_act"),
    path("tickets/<str:number>/cases/", cases.panel, name="ticket_cases"),
    path("tickets/<str:number>/cases/open/", cases.case_open, name="case_open"),
    path("tickets/<str:number>/cases/preview/", cases.request_preview, name="request_preview"),
    path("cases/<str:number>/person/", automatic.ask_person, name="case_person"),
    path("cases/<str:number>/page/<slug:name>/", pagelinks.case_link, name="case_link"),
    path("cases/signals/<str:public_id>/<slug:name>/", automatic.flag_act, name="flag_act"),
    path("tickets/<str:number>/requests/take/", requests.take, name="request_take"),
    path("requests/", requests.board, name="requests"),
    path("requests/<str:number>/", requests.one, name="request"),
    path("requests/<str:number>/do/<slug:name>/", requests.act, name="request_act"),
    path("cases/<str:number>/work/<slug:name>/", repairs.work, name="case_work"),
    path("faults/", repairs.trees, name="fault_trees"),
    path("faults/<slug:code>/", repairs.tree, name="fault_tree"),
    path("faults/<slug:code>/draft/", repairs.tree_draft, name="fault_tree_draft"),
    path("faults/<slug:code>/<int:number>/", repairs.tree_decide, name="fault_tree_decide"),
    path("receiving/", receivingdesk.desk, name="receiving"),
    path("receiving/shelve/", receiving.shelve, name="shelve"),
    path("receiving/shelf/<str:public_id>/", receiving.unknown, name="unknown"),
    path("receiving/<str:public_id>/", receiving.receive, name="receive"),
    path("receiving/<str:public_id>/preview/", receiving.preview, name="receive_preview"),
]
