from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0002_tags_squashed_0004_widen_product_weight"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="product",
            options={"ordering": ["name"]},
        ),
        migrations.RenameField(
            model_name="product",
            old_name="title",
            new_name="name",
        ),
    ]
