from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0003_merge_0002_coupon_0002_order_note"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["status", "created_at"], name="order_status_created_idx"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "basket")),
                fields=("customer",),
                name="one_basket_per_customer",
            ),
        ),
    ]
