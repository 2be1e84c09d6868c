"""
Prints, as JSON, the schemas of the resource types whose newest version the program of bicep-schemas.ts does not know: from the
models of Microsoft's Python SDKs, which are generated from the same specifications at exactly one version. Run by
bicep-schemas.ts, with a Python that has the packages named there.
"""
import enum
import importlib
import json
import sys
import types
import typing

LATER = {
    "Microsoft.EventHub/namespaces@2026-01-01": ("eventhub", "EHNamespace"),
    "Microsoft.EventHub/namespaces/eventhubs@2026-01-01": ("eventhub", "Eventhub"),
    "Microsoft.EventHub/namespaces/eventhubs/consumergroups@2026-01-01": ("eventhub", "ConsumerGroup"),
    # What is sent and what comes back are two models; a template may name both.
    "Microsoft.Storage/storageAccounts@2026-06-01": ("storage", "StorageAccountCreateParameters", "StorageAccount"),
    "Microsoft.Storage/storageAccounts/blobServices@2026-06-01": ("storage", "BlobServiceProperties"),
    "Microsoft.Storage/storageAccounts/blobServices/containers@2026-06-01": ("storage", "BlobContainer"),
    "Microsoft.Databricks/workspaces@2026-01-01": ("databricks", "Workspace"),
    "Microsoft.Databricks/accessConnectors@2026-01-01": ("databricks", "AccessConnector"),
}
WORDS = {str: "string", bool: "bool", int: "int", float: "int", object: "any", typing.Any: "any"}


def is_model(hint):
    return isinstance(hint, type) and hint.__module__.startswith("azure.mgmt") and hasattr(hint, "as_dict")


def words(hint, found):
    """The text of a type, as the other schemas write it; models that it names go into `found`."""
    if hint in WORDS:
        return WORDS[hint]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        values = [one for one in arguments if isinstance(one, type) and issubclass(one, enum.Enum)]
        if values:
            return " | ".join([member.value for member in values[0]] + (["string"] if str in arguments else []))
        (only,) = [one for one in arguments if one is not type(None)]
        return words(only, found)
    if origin is typing.Literal:
        return " | ".join(getattr(one, "value", one) for one in arguments)
    if origin is list:
        return words(arguments[0], found) + "[]"
    if origin is dict:
        of = words(arguments[1], found)
        found[f"Record{of}"] = {"properties": {}, "additional": of}
        return f"Record{of}"
    if is_model(hint):
        if hint.__name__ not in found:
            found[hint.__name__] = {}
            found[hint.__name__] = {"properties": properties(hint, found)}
        return hint.__name__
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return " | ".join(member.value for member in hint)
    # Times, durations and ids are texts in JSON.
    return "string"


def properties(model, found):
    module = importlib.import_module(model.__module__)
    names = {"_models": importlib.import_module(f"{model.__module__.rpartition('.')[0]}")}
    hints = {}
    for base in reversed(model.__mro__):
        if base.__module__.startswith("azure.mgmt"):
            hints |= typing.get_type_hints(base, {**vars(module), **names})
    # The first instance names the fields.
    model.__new__(model)
    described = {}
    for attribute, field in model._attr_to_rest_field.items():
        if attribute not in hints:
            continue
        described[field._rest_name] = {
            "type": words(hints[attribute], found),
            **({} if is_optional(hints[attribute]) or read_only(field) else {"required": True}),
            **({"readOnly": True} if read_only(field) else {}),
        }
    return described


def is_optional(hint):
    return type(None) in typing.get_args(hint)


def read_only(field):
    return field._visibility == ["read"]


def schema(reference, package, sent, returned=None):
    models = importlib.import_module(f"azure.mgmt.{package}.models")
    version = reference.partition("@")[2]
    found = {}
    body = properties(getattr(models, sent), found)
    if returned is not None:
        back = properties(getattr(models, returned), found)
        found[body["properties"]["type"]] = {
            "properties": {
                **{name: {**one, "readOnly": True} for name, one in found[back["properties"]["type"]]["properties"].items()},
                **found[body["properties"]["type"]]["properties"],
            }
        }
        body = {**{name: {**one, "readOnly": True} for name, one in back.items()}, **body}
    body |= {
        "apiVersion": {"type": version, "readOnly": True},
        "name": {"type": "string", "required": True},
        "type": {"type": reference.partition("@")[0], "readOnly": True},
    }
    return {"body": {"properties": dict(sorted(body.items()))}, "types": found}


json.dump({reference: schema(reference, *of) for reference, of in LATER.items()}, sys.stdout)
