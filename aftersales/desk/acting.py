"""Addresses of macros, acts on many tickets and rules; part of the desk's."""

from django.urls import path

from aftersales.desk.views import macros

patterns = [
    path("tickets/<str:number>/macros/", macros.macros_for, name="macros_for"),
    path("tickets/<str:number>/macros/<slug:code>/", macros.macro_preview, name="macro_preview"),
    path("tickets/<str:number>/macros/<slug:code>/do/", macros.macro_do, name="macro_do"),
    path("macros/", macros.macros, name="macros"),
    path("macros/new/", macros.macro_new, name="macro_new"),
    path("macros/<slug:code>/", macros.macro, name="macro"),
]
