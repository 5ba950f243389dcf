# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Checks requests to Stripe against what Stripe publishes: the SDK's own types and the OpenAPI file.

The types come with the pinned package, so they are always checked. The OpenAPI file is checked where
``PAYLINK_STRIPE_OPENAPI`` names one (``spec3.json``); ``./paylink test`` fetches it.
"""

import json
import os
import re
import types
import typing
from functools import cache
from urllib.parse import parse_qsl

import stripe
import typing_extensions

# What the pinned package knows and Stripe's file of an earlier version does not.
NEWER = ("body: allowed_payment_method_types is unknown", "body.api_version: ")

KEY = re.compile(r"[^\[\]]+")

# Which type of the SDK describes the request of which path.
PARAMS = {
    ("GET", "/v1/account"): "AccountRetrieveCurrentParams",
    ("POST", "/v1/webhook_endpoints"): "WebhookEndpointCreateParams",
    ("GET", "/v1/webhook_endpoints"): "WebhookEndpointListParams",
    ("DELETE", "/v1/webhook_endpoints/{id}"): "WebhookEndpointDeleteParams",
    ("POST", "/v1/checkout/sessions"): "checkout.SessionCreateParams",
    ("GET", "/v1/checkout/sessions/{id}"): "checkout.SessionRetrieveParams",
    ("POST", "/v1/checkout/sessions/{id}/expire"): "checkout.SessionExpireParams",
    ("POST", "/v1/payment_intents"): "PaymentIntentCreateParams",
    ("GET", "/v1/payment_intents"): "PaymentIntentListParams",
    ("GET", "/v1/payment_intents/{id}"): "PaymentIntentRetrieveParams",
    ("POST", "/v1/refunds"): "RefundCreateParams",
    ("GET", "/v1/refunds"): "RefundListParams",
    ("GET", "/v1/refunds/{id}"): "RefundRetrieveParams",
    ("GET", "/v1/disputes"): "DisputeListParams",
    ("GET", "/v1/disputes/{id}"): "DisputeRetrieveParams",
    ("GET", "/v1/payouts/{id}"): "PayoutRetrieveParams",
    ("GET", "/v1/balance_transactions"): "BalanceTransactionListParams",
}


def parse_form(body):
    """Return the nested values of a form as Stripe's SDK writes it: ``a[b][0][c]=d``."""
    tree = {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        *path, last = KEY.findall(name)
        node = tree
        for part in path:
            node = node.setdefault(part, {})
        node[last] = value
    return _make_lists(tree)


def _make_lists(node):
    if not isinstance(node, dict):
        return node
    node = {name: _make_lists(value) for name, value in node.items()}
    if node and all(name.isdigit() for name in node):
        return [node[name] for name in sorted(node, key=int)]
    return node


def check_request(method, template, values):
    """Return what is wrong with a request, as sentences; empty if nothing is.

    :param str template: the path with ``{id}`` for ids
    """
    name = PARAMS[method, template]
    wrong = _check(values, _find_params(name), name)
    if spec := _load_spec():
        found = _check_spec(spec, method, template, values)
        wrong += [sentence for sentence in found if not sentence.startswith(NEWER)]
    return wrong


def check_answer(method, template, answer):
    """Return what is wrong with an answer of the fake, if the OpenAPI file is there to say so."""
    spec = _load_spec()
    if not spec:
        return []
    operation = spec["operations"][method, template]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return _check_schema(spec, schema, answer, "answer")


# === THE SDK'S TYPES === #


@cache
def _find_params(name):
    found = stripe.params
    for part in name.split("."):
        found = getattr(found, part)
    return found


@cache
def _get_hints(cls):
    # The SDK imports these names for type checkers only.
    return typing_extensions.get_type_hints(
        cls, localns={"StripeContext": str, "Mapping": typing.Mapping}
    )


def _check(value, kind, path):
    """Return what is wrong with a value of a form, where everything is text, for a type."""
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _check_union(value, typing.get_args(kind), path)
    if typing_extensions.is_typeddict(kind):
        return _check_typed_dict(value, kind, path)
    if origin is list:
        if not isinstance(value, list):
            return [f"{path}: {value!r} is no list"]
        (item,) = typing.get_args(kind)
        return [
            wrong
            for index, one in enumerate(value)
            for wrong in _check(one, item, f"{path}[{index}]")
        ]
    if origin is typing.Literal or origin is typing_extensions.Literal:
        return [] if value in typing.get_args(kind) else [f"{path}: {value!r} is not offered"]
    if origin is dict:
        return [] if isinstance(value, dict) else [f"{path}: {value!r} is no object"]
    return _check_plain(value, kind, path)


def _check_plain(value, kind, path):
    is_right = {
        int: lambda: re.fullmatch(r"-?\d+", value),
        bool: lambda: value in ("true", "false"),
        str: lambda: True,
    }.get(kind)
    if not isinstance(value, str):
        return [f"{path}: {value!r} is no plain value"]
    return [f"{path}: {value!r} is no {kind}"] if is_right and not is_right() else []


def _check_union(value, kinds, path):
    kinds = [kind for kind in kinds if kind is not type(None)]
    literals = [kind for kind in kinds if typing.get_origin(kind) is typing.Literal]
    # An empty text beside any other one only tells how to unset something.
    is_choice = any(typing.get_args(kind) != ("",) for kind in literals)
    if is_choice and str in kinds:
        # The types allow any text beside the known values, for those of tomorrow. We use none.
        kinds.remove(str)
    tries = [_check(value, kind, path) for kind in kinds]
    return [] if not all(tries) else min(tries, key=len)


def _check_typed_dict(value, kind, path):
    if not isinstance(value, dict):
        return [f"{path}: {value!r} is no object"]
    hints = _get_hints(kind)
    wrong = [f"{path}: {name} is missing" for name in kind.__required_keys__ - set(value)]
    for name, one in value.items():
        if name not in hints:
            wrong.append(f"{path}: {name} is unknown")
        else:
            wrong += _check(one, hints[name], f"{path}.{name}")
    return wrong


# === THE OPENAPI FILE === #


@cache
def _load_spec():
    path = os.environ.get("PAYLINK_STRIPE_OPENAPI")
    if not path:
        return None
    with open(path, encoding="utf-8") as file:
        spec = json.load(file)
    spec["operations"] = {
        (verb.upper(), re.sub(r"\{\w+\}", "{id}", template)): operation
        for template, operations in spec["paths"].items()
        for verb, operation in operations.items()
    }
    return spec


def _check_spec(spec, method, template, values):
    operation = spec["operations"][method, template]
    if method == "POST":
        content = operation["requestBody"]["content"]
        return _check_schema(
            spec, content["application/x-www-form-urlencoded"]["schema"], values, "body"
        )
    known = {one["name"]: one for one in operation.get("parameters", ()) if one["in"] == "query"}
    wrong = [f"query: {name} is unknown" for name in values if name not in known]
    for name, value in values.items():
        if name in known:
            wrong += _check_schema(spec, known[name]["schema"], value, f"query.{name}")
    return wrong


def _check_schema(spec, schema, value, path):
    """Return what is wrong with a value, of a form or of JSON, for a schema of the file."""
    if "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if value is None:
        return [] if schema.get("nullable") or "anyOf" in schema else [f"{path}: is null"]
    if "anyOf" in schema:
        kinds = [one for one in schema["anyOf"] if ("$ref" in one) == isinstance(value, dict)]
        tries = [_check_schema(spec, one, value, path) for one in kinds or schema["anyOf"]]
        return [] if not all(tries) else min(tries, key=len)
    if "enum" in schema and value not in schema["enum"]:
        return [f"{path}: {value!r} is none of {schema['enum'][:6]}"]
    kind = schema.get("type")
    if kind == "object":
        return _check_object(spec, schema, value, path)
    if kind == "array":
        if not isinstance(value, list):
            return [f"{path}: {value!r} is no list"]
        return [
            wrong
            for index, one in enumerate(value)
            for wrong in _check_schema(spec, schema["items"], one, f"{path}[{index}]")
        ]
    return _check_scalar(kind, schema, value, path)


def _check_object(spec, schema, value, path):
    if not isinstance(value, dict):
        return [f"{path}: {value!r} is no object"]
    known = schema.get("properties", {})
    wrong = [
        f"{path}: {name} is missing" for name in schema.get("required", ()) if name not in value
    ]
    for name, one in value.items():
        if name in known:
            wrong += _check_schema(spec, known[name], one, f"{path}.{name}")
        elif known and not schema.get("additionalProperties"):
            wrong.append(f"{path}: {name} is unknown")
    return wrong


def _check_scalar(kind, schema, value, path):
    text = str(value).lower() if isinstance(value, bool) else str(value)
    is_right = {
        "integer": re.fullmatch(r"-?\d+", text),
        "boolean": text in ("true", "false"),
        "string": not isinstance(value, dict | list)
        and len(text) <= schema.get("maxLength", len(text)),
    }.get(kind, True)
    return [] if is_right else [f"{path}: {value!r} is no {kind}"]
