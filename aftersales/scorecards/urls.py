"""The addresses of the formulas' workshop."""

from django.urls import path

from aftersales.scorecards import views
from aftersales.scorecards.views import simulations

app_name = "scorecards"
urlpatterns = [
    path("", views.formulas, name="formulas"),
    path("<slug:code>/", views.formula, name="formula"),
    path("<slug:code>/draft/", views.formula_draft, name="formula_draft"),
    path("<slug:code>/<int:number>/decide/", views.formula_decide, name="formula_decide"),
    path("<slug:code>/<int:number>/simulate/", simulations.formula_simulate, name="formula_simulate"),
    path("<slug:code>/simulations/<str:public_id>/", simulations.simulation, name="simulation"),
    path("<slug:code>/simulations/<str:public_id>/<int:subject>/", simulations.simulated, name="simulated"),
]
