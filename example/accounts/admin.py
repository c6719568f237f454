from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin

from accounts.models import Address, User, WishlistItem


class AddressInline(admin.TabularInline):
    model = Address
    extra = 0


class WishlistItemInline(admin.TabularInline):
    model = WishlistItem
    extra = 0
    autocomplete_fields = ["product"]


@admin.register(User)
class UserAdmin(BaseUserAdmin):
    fieldsets = (*BaseUserAdmin.fieldsets, ("Contact", {"fields": ["phone"]}))
    # The form that adds a user must ask for the email address too, for it is unique.
    add_fieldsets = (*BaseUserAdmin.add_fieldsets, ("Contact", {"fields": ["email", "phone"]}))
    inlines = [AddressInline, WishlistItemInline]


@admin.register(Address)
class AddressAdmin(admin.ModelAdmin):
    list_display = ["user", "street", "postcode", "city", "country", "is_default"]
    list_filter = ["country"]
    list_select_related = ["user"]
    search_fields = ["street", "city", "user__username"]
