"""What all parts of the schema share; pydantic models on top of it are the one definition of the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, GetJsonSchemaHandler

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

STEP_NAME = r"^[A-Za-z0-9](-*[A-Za-z0-9_])*$"
NAME = r"^[A-Za-z0-9](-*[A-Za-z0-9])*$"
INSTANCE_TYPE = r"^ml\.[a-z0-9-]+\.[a-z0-9]+$"
# A word between the parts of a location that says which form of a value was meant; never a key of a file.
PLAIN = "<plain>"


class Section(BaseModel):
    """A mapping of the file in which nothing unknown may stand."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=False, coerce_numbers_to_str=True, allow_inf_nan=False
    )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Add the other spellings of keys, which pydantic leaves out."""
        written = handler(schema)
        properties = handler.resolve_ref_schema(written).get("properties", {})
        for field in cls.model_fields.values():
            first, *others = spellings(field.validation_alias)
            for other in others:
                properties[other] = {**properties[first], "description": f"Another spelling of `{first}`."}
        return written


def spellings(alias: Any) -> list[str]:
    """Return the documented spelling of a field's key and the others after it; [""] without an alias."""
    if isinstance(alias, AliasChoices):
        return [str(choice) for choice in alias.choices]
    return [str(alias or "")]


def spelled(*names: str) -> AliasChoices:
    """Return the alias of a key that may be written in several ways, the documented one first."""
    return AliasChoices(*names)


StepName = Annotated[str, Field(pattern=STEP_NAME, max_length=64)]
"""What SageMaker takes as the name of a step."""
