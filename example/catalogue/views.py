from django.views.generic import DetailView, ListView

from catalogue.models import Product


class ProductList(ListView):
    queryset = Product.objects.filter(status=Product.Status.ON_SALE).select_related("category")


class ProductDetail(DetailView):
    queryset = Product.objects.exclude(status=Product.Status.DRAFT).select_related(
        "category", "featured_review__author"
    )
