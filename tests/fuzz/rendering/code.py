"""Writes the code of migrations: it makes rows, follows relations and asks what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.rendering.known import Known


def code(known: Known, own: list[Any], others: list[Any]) -> str:
    """Write a function that works with one model or two, and return its name."""
    name = known.new("code")
    lines = [f"def {name}(apps, editor):", "    using = editor.connection.alias"]
    for _ in range(known.chance.choice((1, 1, 2))):
        model = known.chance.choice(own if known.often(0.9) else others)
        lines += [f"    {line}" for line in Lines(known, model).all()]
    known.code[name] = "\n".join([*lines, ""])
    return name


class Lines:
    """Lines of code that work with one model."""

    def __init__(self, known: Known, model: Any) -> None:
        self.known = known
        self.model = model
        meta = model._meta
        self.name = meta.model_name
        self.rows = f'{self.name}.{meta.default_manager.name}.using(using).order_by("pk")'
        fields = meta.get_fields()
        concrete = [field for field in fields if field.concrete]
        self.empty = [field.name for field in concrete if field.null and not field.remote_field]
        self.keys = [field for field in concrete if field.many_to_one or field.one_to_one]
        self.many = [field for field in concrete if field.many_to_many]
        self.back = [
            field
            for field in fields
            if field.auto_created and not field.concrete and field.get_accessor_name()
        ]
        self.bases = [base for base in model.__mro__[1:] if hasattr(base, "_meta")]

    def all(self) -> Iterator[str]:
        """Write some lines: most make rows first."""
        meta = self.model._meta
        yield f'{self.name} = apps.get_model("{meta.app_label}", "{meta.object_name}")'
        ways = [self.about, self.reading, self.forward, self.backward, self.backward, self.writing]
        if self.known.often(0.75):
            count = self.known.chance.randint(1, 2)
            yield f"rows = [make({self.name}, using) for _ in range({count})]"
            ways += [self.of_rows, self.deleting]
        for _ in range(self.known.chance.randint(2, 6)):
            yield from self.known.chance.choice(ways)()

    def _saw(self, ways: list[str]) -> Iterator[str]:
        if ways:
            yield f"saw({self.known.chance.choice(ways).replace('ROWS', self.rows)})"

    def about(self) -> Iterator[str]:
        """Ask what there is."""
        app = self.model._meta.app_label
        bases = [f"issubclass({self.name}, {there(base)})" for base in self.bases]
        yield from self._saw(
            [
                f"[field.name for field in {self.name}._meta.get_fields()]",
                f"[field.related_model for field in {self.name}._meta.get_fields()]",
                f"[field.name for field in {self.name}._meta.related_objects]",
                "[model._meta.label for model in apps.get_models()]",
                "[model._meta.label for model in apps.get_models(include_auto_created=True)]",
                f'[model._meta.label for model in apps.get_app_config("{app}").get_models()]',
                "[app.label for app in apps.get_app_configs() if app.models]",
                f'[apps.is_installed("{app}"), apps.is_installed("nowhere")]',
                f"[base for base in {self.name}.__mro__ if hasattr(base, '_meta')]",
                f"{self.name}._meta.parents",
                f'sorted(apps.all_models["{app}"])',
                f'hasattr({self.name}, "nothing_set")',
                f"{self.name}._meta.db_table",
                f"{self.name} is {there(self.model)}",
                *bases,
            ]
        )

    def reading(self) -> Iterator[str]:
        """Read all rows."""
        yield from self._saw(
            ["list(ROWS.values_list())", "list(ROWS)", "ROWS.count()", "list(ROWS.values())"]
        )

    def forward(self) -> Iterator[str]:
        """Go where a key or another relation leads."""
        if self.many and (not self.keys or self.known.often(0.4)):
            name = self.known.chance.choice(self.many).name
            yield from self._saw(
                [
                    f"[list(one.{name}.all()) for one in ROWS]",
                    f'[list(one.{name}.all()) for one in ROWS.prefetch_related("{name}")]',
                    f"{self.name}.{name}.through._meta.label",
                    f"ROWS.filter({name}__isnull=False).count()",
                ]
            )
        elif self.keys:
            key = self.known.chance.choice(self.keys)
            name, model = key.name, there(key.remote_field.model)
            yield from self._saw(
                [
                    f"[one.{name} for one in ROWS]",
                    f'[one.{name} for one in ROWS.select_related("{name}")]',
                    f'[one.{name} for one in ROWS.prefetch_related("{name}")]',
                    f"[type(one.{name}) is {model} for one in ROWS if one.{name}]",
                    f"{self.name}.{name}.field.remote_field.model is {model}",
                    f'list(ROWS.values_list("{name}__pk"))',
                    f"ROWS.filter({name}__in={model}._base_manager.using(using).all()).count()",
                ]
            )

    def backward(self) -> Iterator[str]:
        """Go where a relation leads back, of which only the other model says so."""
        if not self.back:
            return
        relation = self.known.chance.choice(self.back)
        name, query, model = relation.get_accessor_name(), relation.name, relation.related_model
        ways = [
            f'hasattr({self.name}, "{name}")',
            f"ROWS.filter({query}__isnull=False).count()",
            f'list(ROWS.values_list("pk", "{query}__pk").order_by("pk", "{query}__pk"))',
            f'list(ROWS.annotate(found=models.Count("{query}")).values_list("pk", "found"))',
            f'{self.name}._meta.get_field("{query}").related_model is {there(model)}',
        ]
        if relation.one_to_one:
            ways += [
                f'[hasattr(one, "{name}") for one in ROWS]',
                f'[getattr(one, "{name}", None) for one in ROWS]',
                f'[getattr(one, "{name}", None) for one in ROWS.select_related("{query}")]',
                f'[isinstance(getattr(one, "{name}", None), {there(model)}) for one in ROWS]',
            ]
        else:
            ways += [
                f"[list(one.{name}.all()) for one in ROWS]",
                f"[one.{name}.count() for one in ROWS]",
                f'[list(one.{name}.all()) for one in ROWS.prefetch_related("{name}")]',
                f"[one.{name}.model is {there(model)} for one in ROWS]",
            ]
        yield from self._saw(ways)

    def writing(self) -> Iterator[str]:
        """Change rows."""
        if self.many and self.known.often(0.5):
            relation = self.known.chance.choice(self.many)
            if relation.remote_field.through._meta.auto_created:
                yield f"for one in {self.rows}[:1]:"
                yield f"    one.{relation.name}.add(make({there(relation.related_model)}, using))"
                yield f"    links = one.{relation.name}.through._base_manager.using(using)"
                yield "    saw(list(links.values()))"
        elif self.empty:
            yield f"saw({self.rows}.update({self.known.chance.choice(self.empty)}=None))"

    def of_rows(self) -> Iterator[str]:
        """Work with rows that were just made."""
        ways = ["saw(rows)", "rows[0].save()", "rows[0].refresh_from_db()"]
        for base in self.bases:
            ways.append(f"saw(isinstance(rows[0], {there(base)}))")
            ways.append(f"saw({there(base)}._base_manager.using(using).get(pk=rows[0].pk))")
        ways += [f"saw(rows[0].{key.name})" for key in self.keys]
        yield self.known.chance.choice(ways)

    def deleting(self) -> Iterator[str]:
        """Delete rows, with all that refers to them."""
        ways = [f"{self.rows}.filter(pk=rows[0].pk)", "rows[-1]"]
        yield "try:"
        yield f"    saw({self.known.chance.choice(ways)}.delete())"
        yield "except (models.ProtectedError, models.RestrictedError) as error:"
        yield "    saw(type(error))"
        yield f"saw(list({self.rows}))"
        yield f"rows = [make({self.name}, using)]"


def there(model: Any) -> str:
    """Write how code asks for a model."""
    return f'apps.get_model("{model._meta.app_label}", "{model._meta.model_name}")'
