"""The addresses of the consequence rules' workshop."""

from django.urls import path

from aftersales.desk.views import consequencerules as views

app_name = "consequences"
urlpatterns = [
    path("", views.rules, name="rules"),
    path("comments/<str:public_id>/", views.comment, name="comment"),
    path("<slug:code>/", views.rule, name="rule"),
    path("<slug:code>/draft/", views.draft, name="draft"),
    path("<slug:code>/<int:number>/decide/", views.decide, name="decide"),
    path("<slug:code>/<int:number>/consult/", views.consult, name="consult"),
]
