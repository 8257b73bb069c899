"""The desk's addresses."""

from django.urls import path

from aftersales.desk import acting
from aftersales.desk.views import (
    archive,
    bulk,
    clocks,
    erasing,
    export,
    home,
    letters,
    opening,
    promises,
    queue,
    ticket,
)
from aftersales.desk.views.styleguide import styleguide

app_name = "desk"
urlpatterns = [
    path("", home.home, name="home"),
    path("search/", home.search, name="search"),
    path("archive/", archive.archive, name="archive"),
    path("archive/<str:public_id>/", archive.record, name="record"),
    path("archive/<str:public_id>/act/", archive.record_act, name="record_act"),
    path("tickets/", queue.queue, name="queue"),
    path("tickets/export.<slug:fmt>", export.as_list, name="export"),
    path("tickets/pulse/", queue.pulse, name="pulse"),
    path("tickets/choices/", queue.choices, name="choices"),
    path("tickets/numbers/", queue.in_hand, name="numbers"),
    path("tickets/take/", queue.take, name="take"),
    path("tickets/next/", queue.take_next, name="take_next"),
    path("tickets/bulk/", bulk.chosen, name="bulk"),
    path("tickets/bulk/assign/", bulk.assign, name="bulk_assign"),
    path("tickets/bulk/put-back/", bulk.put_back, name="bulk_put_back"),
    path("tickets/bulk/take/", bulk.take, name="bulk_take"),
    path("tickets/open/", opening.problem, name="open"),
    path("tickets/open/order/", opening.order_found, name="order_found"),
    path("tickets/<str:number>/", ticket.ticket, name="ticket"),
    path("tickets/<str:number>/clocks/<int:pk>/", clocks.counted, name="counted"),
    path("tickets/<str:number>/look/", ticket.look, name="look"),
    path("tickets/<str:number>/say/", ticket.say, name="say"),
    path("tickets/<str:number>/do/<slug:name>/", ticket.act, name="act"),
    path("tickets/<str:number>/contacts/<str:public_id>/", ticket.reveal, name="reveal"),
    path("tickets/<str:number>/messages/<str:public_id>/erase/", erasing.erase_message, name="erase_message"),
    path("promises/guess/", promises.guess, name="promise_guess"),
    path("tickets/<str:number>/promises/", promises.give, name="promise_give"),
    path("tickets/<str:number>/promises/<str:public_id>/<slug:name>/", promises.act, name="promise_act"),
    path("tickets/<str:number>/print/", export.printed, name="print"),
    path("tickets/<str:number>/json/", export.as_json, name="json"),
    path("letters/", letters.letters, name="letters"),
    path("letters/<str:public_id>/", letters.letter, name="letter"),
    path("letters/<str:public_id>/quoted/", letters.quoted, name="letter_quoted"),
    path("letters/<str:public_id>/decide/", letters.decide, name="letter_decide"),
    path("letters/<str:public_id>/raw/", letters.raw, name="letter_raw"),
    *acting.patterns,
    path("files/<str:public_id>/", ticket.attachment, name="attachment"),
    path("styleguide/", styleguide, name="styleguide"),
]
