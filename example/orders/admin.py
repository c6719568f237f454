from django.contrib import admin

from orders.models import Coupon, Order, OrderLine


class OrderLineInline(admin.TabularInline):
    model = OrderLine
    extra = 0
    autocomplete_fields = ["product"]


@admin.register(Coupon)
class CouponAdmin(admin.ModelAdmin):
    list_display = ["code", "percent", "expires_at"]
    search_fields = ["code"]


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    list_display = ["pk", "customer", "status", "total", "created_at"]
    list_filter = ["status"]
    list_select_related = ["customer"]
    date_hierarchy = "created_at"
    search_fields = ["customer__username", "customer__email"]
    autocomplete_fields = ["customer", "ship_to", "coupon"]
    readonly_fields = ["created_at"]
    inlines = [OrderLineInline]
