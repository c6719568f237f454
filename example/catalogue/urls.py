from django.urls import path

from catalogue.views import ProductDetail, ProductList

urlpatterns = [
    path("", ProductList.as_view(), name="product-list"),
    path("products/<slug:slug>/", ProductDetail.as_view(), name="product-detail"),
]
