from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("catalogue", "0002_tags"),
        ("catalogue", "0003_product_status_and_weight"),
        ("catalogue", "0004_widen_product_weight"),
    ]

    dependencies = [
        ("catalogue", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Tag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=40, unique=True)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.AddField(
            model_name="product",
            name="tags",
            field=models.ManyToManyField(blank=True, related_name="products", to="catalogue.tag"),
        ),
        migrations.AddField(
            model_name="product",
            name="status",
            field=models.CharField(
                choices=[("draft", "Draft"), ("on_sale", "on sale"), ("retired", "Retired")],
                default="draft",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="product",
            name="weight",
            field=models.PositiveIntegerField(blank=True, help_text="in grams", null=True),
        ),
    ]
