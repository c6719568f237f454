from django.db import migrations


def number_products(apps, schema_editor):
    products = apps.get_model("catalogue", "Product").objects.using(schema_editor.connection.alias)
    for pk in list(products.filter(sku=None).values_list("pk", flat=True)):
        products.filter(pk=pk).update(sku=f"P{pk:06}")


def forget_numbers(apps, schema_editor):
    products = apps.get_model("catalogue", "Product").objects.using(schema_editor.connection.alias)
    products.update(sku=None)


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0006_product_sku"),
    ]

    operations = [
        migrations.RunPython(number_products, forget_numbers),
    ]
