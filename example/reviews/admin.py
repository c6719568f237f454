from django.contrib import admin

from reviews.models import Review


@admin.register(Review)
class ReviewAdmin(admin.ModelAdmin):
    list_display = ["title", "product", "author", "rating", "created_at"]
    list_filter = ["rating"]
    list_select_related = ["product", "author"]
    search_fields = ["title", "product__name", "author__username"]
    autocomplete_fields = ["product", "author", "order"]
    readonly_fields = ["created_at"]
