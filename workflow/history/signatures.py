"""Django's own classes: their parameters in order, and the paths that they go by.

Facts about Django 4.2 to 6.0, older spellings included; checked against the Django that is
installed in ``tests/history/test_signatures.py``.
"""

from __future__ import annotations

from typing import Final

OPERATIONS: Final[dict[str, tuple[str, ...]]] = {
    "CreateModel": ("name", "fields", "options", "bases", "managers"),
    "DeleteModel": ("name",),
    "RenameModel": ("old_name", "new_name"),
    "AlterModelTable": ("name", "table"),
    "AlterModelTableComment": ("name", "table_comment"),
    "AlterUniqueTogether": ("name", "unique_together"),
    "AlterIndexTogether": ("name", "index_together"),
    "AlterOrderWithRespectTo": ("name", "order_with_respect_to"),
    "AlterModelOptions": ("name", "options"),
    "AlterModelManagers": ("name", "managers"),
    "AddField": ("model_name", "name", "field", "preserve_default"),
    "RemoveField": ("model_name", "name", "field"),
    "AlterField": ("model_name", "name", "field", "preserve_default"),
    "RenameField": ("model_name", "old_name", "new_name"),
    "AddIndex": ("model_name", "index"),
    "RemoveIndex": ("model_name", "name"),
    "RenameIndex": ("model_name", "new_name", "old_name", "old_fields"),
    "AddConstraint": ("model_name", "constraint"),
    "RemoveConstraint": ("model_name", "name"),
    "AlterConstraint": ("model_name", "name", "constraint"),
    "RunPython": ("code", "reverse_code", "atomic", "hints", "elidable"),
    "RunSQL": ("sql", "reverse_sql", "state_operations", "hints", "elidable"),
    "SeparateDatabaseAndState": ("database_operations", "state_operations"),
}
"""Operations of ``django.db.migrations``."""

POSTGRES_OPERATIONS: Final[dict[str, tuple[str, ...]]] = {
    "CreateExtension": ("name", "hints"),
    "BloomExtension": ("hints",),
    "BtreeGinExtension": ("hints",),
    "BtreeGistExtension": ("hints",),
    "CITextExtension": ("hints",),
    "CryptoExtension": ("hints",),
    "HStoreExtension": ("hints",),
    "TrigramExtension": ("hints",),
    "UnaccentExtension": ("hints",),
    "CreateCollation": ("name", "locale"),
    "RemoveCollation": ("name", "locale"),
    "AddIndexConcurrently": ("model_name", "index"),
    "RemoveIndexConcurrently": ("model_name", "name"),
    "AddConstraintNotValid": ("model_name", "constraint"),
    "ValidateConstraint": ("model_name", "name"),
}
"""Operations of ``django.contrib.postgres.operations``."""

SIGNATURES: Final = {**OPERATIONS, **POSTGRES_OPERATIONS}

STATELESS: Final = frozenset({"RunPython", "ValidateConstraint"}) | {
    name for name in POSTGRES_OPERATIONS if "Collation" in name or "Extension" in name
}
"""Operations that never change the state, whatever their arguments are."""

HARMLESS_ELSEWHERE: Final = frozenset(
    {
        "django_migration_linter.IgnoreMigration",
        "django_migration_linter.operations.IgnoreMigration",
        "hierarkey.utils.CleanHierarkeyDuplicates",
        "pgtrigger.migrations.AddTrigger",
        "pgtrigger.migrations.RemoveTrigger",
    }
)
"""Operations of well-known packages that leave models, fields, indexes and constraints alone."""

_OPERATION_MODULES: Final = (
    "django.db.migrations.operations.models.",
    "django.db.migrations.operations.fields.",
    "django.db.migrations.operations.special.",
    "django.db.migrations.operations.",
    "django.db.migrations.",
)
_POSTGRES_MODULE: Final = "django.contrib.postgres.operations."

OPERATION_BASES: Final = frozenset(
    {"django.db.migrations.operations.base.Operation", "django.db.migrations.Operation"}
)
MIGRATION_BASES: Final = frozenset(
    {"django.db.migrations.Migration", "django.db.migrations.migration.Migration"}
)


def operation_kind(path: str) -> str | None:
    """Return the name of Django's operation that goes by this dotted path, if one does."""
    if path.startswith(_POSTGRES_MODULE):
        name = path[len(_POSTGRES_MODULE) :]
        return name if name in POSTGRES_OPERATIONS else None
    for module in _OPERATION_MODULES:
        if path.startswith(module):
            name = path[len(module) :]
            return name if name in OPERATIONS else None
    return None


_FIELD: Final = (
    "verbose_name", "name", "primary_key", "max_length", "unique", "blank", "null",
    "db_index", "rel", "default", "editable", "serialize", "unique_for_date",
    "unique_for_month", "unique_for_year", "choices", "help_text", "db_column",
    "db_tablespace", "auto_created", "validators", "error_messages", "db_comment",
    "db_default",
)  # fmt: skip
"""Parameters of ``models.Field``."""

_RELATION: Final = ("to", "on_delete", "related_name")
_DATE: Final = ("verbose_name", "name", "auto_now", "auto_now_add")
_FILE: Final = ("verbose_name", "name", "upload_to", "storage")
_SPATIAL: Final = ("verbose_name", "srid", "spatial_index")

_SPECIAL_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "ForeignKey": (*_RELATION, "related_query_name", "limit_choices_to", "parent_link",
                   "to_field", "db_constraint"),
    "OneToOneField": ("to", "on_delete", "to_field"),
    "ForeignObject": ("to", "on_delete", "from_fields", "to_fields", "rel", "related_name",
                      "related_query_name", "limit_choices_to", "parent_link", "swappable"),
    "ManyToManyField": ("to", "related_name", "related_query_name", "limit_choices_to",
                        "symmetrical", "through", "through_fields", "db_constraint",
                        "db_table", "swappable"),
    "DateField": _DATE,
    "DateTimeField": _DATE,
    "TimeField": _DATE,
    "DecimalField": ("verbose_name", "name", "max_digits", "decimal_places"),
    "EmailField": _FIELD,
    "FileField": _FILE,
    "ImageField": ("verbose_name", "name", "width_field", "height_field"),
    "FilePathField": ("verbose_name", "name", "path", "match", "recursive", "allow_files",
                      "allow_folders"),
    "GenericIPAddressField": ("verbose_name", "name", "protocol", "unpack_ipv4"),
    "JSONField": ("verbose_name", "name", "encoder", "decoder"),
    "UUIDField": ("verbose_name",),
    "URLField": ("verbose_name", "name"),
    "SlugField": _FIELD,
    "BinaryField": _FIELD,
    "GeneratedField": (),
    "CompositePrimaryKey": (),
    "ArrayField": ("base_field", "size"),
    "HStoreField": _FIELD,
    "SearchVectorField": _FIELD,
    "GeometryField": _SPATIAL,
    "PointField": _SPATIAL,
    "LineStringField": _SPATIAL,
    "PolygonField": _SPATIAL,
    "MultiPointField": _SPATIAL,
    "MultiLineStringField": _SPATIAL,
    "MultiPolygonField": _SPATIAL,
    "GeometryCollectionField": _SPATIAL,
    "RasterField": _SPATIAL,
    "ExtentField": (),
}  # fmt: skip
_PLAIN_FIELDS: Final = (
    "AutoField", "BigAutoField", "SmallAutoField", "BigIntegerField", "BooleanField",
    "CharField", "CommaSeparatedIntegerField", "DurationField", "Field", "FloatField",
    "IPAddressField", "IntegerField", "NullBooleanField", "PositiveBigIntegerField",
    "PositiveIntegerField", "PositiveSmallIntegerField", "SmallIntegerField", "TextField",
    "IntegerRangeField", "BigIntegerRangeField", "DecimalRangeField", "FloatRangeField",
    "DateTimeRangeField", "DateRangeField", "CICharField", "CIEmailField", "CITextField",
    "OrderWrt",
)  # fmt: skip
FIELDS: Final = {**dict.fromkeys(_PLAIN_FIELDS, _FIELD), **_SPECIAL_FIELDS}
"""Parameters of Django's fields, those that may be given by position."""

_FIELD_MODULES: Final = (
    "django.db.models.",
    "django.contrib.postgres.fields.",
    "django.contrib.postgres.search.",
    "django.contrib.gis.db.models.",
    "django.contrib.contenttypes.fields.",
)


def field_kind(path: str) -> str | None:
    """Return the name of Django's field that goes by this dotted path, if one does."""
    if path.startswith("django."):
        name = path.rpartition(".")[2]
        if name in FIELDS and path.startswith(_FIELD_MODULES):
            return name
    return None
