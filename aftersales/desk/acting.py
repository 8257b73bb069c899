"""Addresses of macros, acts on many tickets and rules; part of the desk's."""

from django.urls import path

from aftersales.desk.views import acting, automation, checklists, macros

patterns = [
    path("automation/", automation.automations, name="automations"),
    path("automation/new/", automation.automation_new, name="automation_new"),
    path("automation/<slug:code>/", automation.automation, name="automation"),
    path("automation/<slug:code>/dry/", automation.automation_dry, name="automation_dry"),
    path("automation/<slug:code>/edit/", automation.automation_edit, name="automation_edit"),
    path(
        "automation/<slug:code>/<int:number>/<slug:name>/", automation.automation_act, name="automation_act"
    ),
    path("checklists/", checklists.checklists, name="checklists"),
    path("checklists/new/", checklists.checklist_new, name="checklist_new"),
    path("checklists/<slug:code>/", checklists.checklist, name="checklist"),
    path("tickets/<str:number>/check/<slug:code>/", checklists.check, name="check"),
    path("acts/", acting.bulk_plan, name="bulk_plan"),
    path("acts/run/", acting.bulk_run, name="bulk_run"),
    path("acts/<str:public_id>/", acting.bulk_result, name="bulk_result"),
    path("acts/<str:public_id>/again/", acting.bulk_again, name="bulk_again"),
    path("tickets/<str:number>/macros/", macros.macros_for, name="macros_for"),
    path("tickets/<str:number>/macros/<slug:code>/", macros.macro_preview, name="macro_preview"),
    path("tickets/<str:number>/macros/<slug:code>/do/", macros.macro_do, name="macro_do"),
    path("macros/", macros.macros, name="macros"),
    path("macros/new/", macros.macro_new, name="macro_new"),
    path("macros/<slug:code>/", macros.macro, name="macro"),
]
