"""Addresses of letters of authorities; part of the desk's."""

from django.urls import path

from aftersales.desk.views import authority

patterns = [
    path("authority/", authority.board, name="authority"),
    path("authority/take/", authority.take, name="authority_take"),
    path("authority/export/<slug:fmt>/", authority.export, name="authority_export"),
    path("authority/files/<str:public_id>/", authority.file, name="authority_file"),
    path("authority/bundles/<str:public_id>/", authority.bundle, name="authority_bundle"),
    path("authority/bundles/<str:public_id>/zip/", authority.bundle_zip, name="authority_zip"),
    path("authority/<str:number>/", authority.letter, name="authority_letter"),
    path("authority/<str:number>/do/<slug:name>/", authority.act, name="authority_act"),
    path("authority/<str:number>/files/", authority.file_add, name="authority_file_add"),
    path("authority/<str:number>/reporter/", authority.reporter, name="authority_reporter"),
    path("authority/<str:number>/print/", authority.printed, name="authority_print"),
    path("authority/<str:number>/evidence/", authority.evidence, name="authority_evidence"),
]
