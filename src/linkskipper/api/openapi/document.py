"""The OpenAPI 3.1 document, made from the operations and the types that they answer with."""

from itertools import groupby
from typing import Any

import msgspec

from linkskipper.api.body import IdempotencyKey, ResolveRequest
from linkskipper.api.middleware import ACCEPTED_ID, DAY_SECONDS
from linkskipper.api.openapi import webhooks
from linkskipper.api.openapi.model import Operation, Success
from linkskipper.api.openapi.operations import JOB
from linkskipper.api.openapi.operations import OPERATIONS as RESOLVING
from linkskipper.api.openapi.schemas import Json
from linkskipper.api.problems import PROBLEM, InternalError, MethodNotAllowed, ServiceUnavailable, meaning
from linkskipper.api.problems import document as problem_document
from linkskipper.api.problems import headers as problem_headers
from linkskipper.api.rate_limits import WINDOW_SECONDS
from linkskipper.api.routes.webhooks import MAX_PAGE, PAGE
from linkskipper.api.waiting import MAX_WAIT_SECONDS
from linkskipper.errors import ApiError, InvalidKey, OutOfCredits
from linkskipper.webhooks import DeliveryStatus

OPERATIONS = (*RESOLVING, *webhooks.OPERATIONS)
SCHEMAS = "#/components/schemas/"
ON_EVERY_ANSWER = ("X-Request-Id",)
ON_LIMITED_ANSWERS = ("RateLimit", "RateLimit-Policy")
WITHOUT_LIMITS = (InvalidKey, InternalError, ServiceUnavailable)  # they may come before the key is known

ABOUT = (
    "Give it a short link; get back where it really leads. Send a key with every call, as "
    "`Authorization: Bearer sk_live_…`. Bodies are JSON in UTF-8; times are ISO 8601 in UTC with milliseconds. "
    "Every error is an RFC 9457 problem document whose `code` says what is wrong and whose `detail` says what to do "
    "about it; unknown addresses answer `not_found`, wrong methods `method_not_allowed` with the header Allow."
)

ON_EVENTS = (
    "Sent to the `webhook_url` of a job when it has ended, at least once, until it is answered with a 2xx: over three "
    "days, with the same `webhook-id` each time. `X-LinkSkipper-Signature: t=…,v1=…` is the HMAC-SHA256 of "
    "`<t>.<body>` with the key's webhook secret, in hex; the headers `webhook-id`, `webhook-timestamp` and "
    "`webhook-signature` are those of Standard Webhooks. Redirects are not followed; 410 ends the attempts."
)

PARAMETERS: dict[str, Json] = {
    "job_id": {
        "name": "job_id",
        "in": "path",
        "required": True,
        "description": "The `job_id` of the answer to `POST /v1/resolve`.",
        "schema": {"type": "string", "format": "uuid"},
        "example": str(JOB),
    },
    "wait": {
        "name": "wait",
        "in": "query",
        "description": "Hold the answer until the job has ended, or for so many seconds.",
        "schema": {"type": "number", "minimum": 0, "maximum": MAX_WAIT_SECONDS, "default": 0},
        "example": 10,
    },
    "include": {
        "name": "include",
        "in": "query",
        "description": "`trace` adds the hops taken, and the reason for which a job did not end well.",
        "schema": {"enum": ["trace"]},
        "example": "trace",
    },
    "delivery_id": {
        "name": "delivery_id",
        "in": "path",
        "required": True,
        "description": "The `id` of a delivery, which is the `webhook-id` of what was sent.",
        "schema": {"type": "string", "format": "uuid"},
        "example": str(webhooks.DELIVERY),
    },
    "status": {
        "name": "status",
        "in": "query",
        "description": "Only deliveries of this status.",
        "schema": {"enum": ["any", *DeliveryStatus], "default": "any"},
        "example": "failed",
    },
    "limit": {
        "name": "limit",
        "in": "query",
        "description": "How many at most.",
        "schema": {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": PAGE},
        "example": 50,
    },
    "before": {
        "name": "before",
        "in": "query",
        "description": "The `next` of the page before.",
        "schema": {"type": "string", "format": "uuid"},
        "example": str(webhooks.DELIVERY),
    },
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same as `idempotency_key` in the body, which wins where both are sent.",
        "schema": msgspec.json.schema(IdempotencyKey),
        "example": "order-1842",
    },
}

HEADERS: dict[str, Json] = {
    "X-Request-Id": {
        "required": True,
        "description": "Names this request in the service's log: yours, if you sent a decent one, or a new one.",
        "schema": {"type": "string", "pattern": f"^{ACCEPTED_ID.pattern.decode()}$"},
        "example": "3168f86c41386ed5b549859a1358ff10",
    },
    "RateLimit": {
        "description": "With a valid key. Of each of its limits `r` calls are left, with room again in `t` seconds.",
        "schema": {"type": "string"},
        "example": '"minute";r=41;t=12, "daily";r=480;t=5400',
    },
    "RateLimit-Policy": {
        "description": "With a valid key. Its limits: `q` calls in `w` seconds.",
        "schema": {"type": "string"},
        "example": f'"minute";q=60;w={WINDOW_SECONDS}, "daily";q=500;w={DAY_SECONDS}',
    },
    "Retry-After": {
        "required": True,
        "description": "Whole seconds; who waits so long is not refused for this again.",
        "schema": {"type": "integer", "minimum": 1},
        "example": 12,
    },
    "Location": {
        "required": True,
        "description": "The same as `poll_url`.",
        "schema": {"type": "string", "format": "uri-reference"},
        "example": f"/v1/jobs/{JOB}",
    },
    "WWW-Authenticate": {"required": True, "schema": {"const": "Bearer"}, "example": "Bearer"},
}


def describe(base_url: str) -> Json:
    """The OpenAPI document of a service that is reached at base_url."""
    paths: dict[str, Json] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, base_url)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Link Skipper", "version": "1", "description": ABOUT, "license": {"name": "MIT"}},
        "servers": [{"url": base_url}],
        "security": [{"key": []}],
        "paths": paths,
        "webhooks": {"jobEnded": {"post": _event()}},
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "`sk_live_…`"}},
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "schemas": _schemas(),
        },
    }


def _event() -> Json:
    return {
        "operationId": "jobEnded",
        "summary": "A job has ended",
        "description": ON_EVENTS,
        "requestBody": {
            "required": True,
            "content": {"application/json": _content(_reference(webhooks.EVENT), webhooks.EVENTS)},
        },
        "responses": {"2XX": {"description": "The event was received."}},
        "security": [],
    }


def _operation(operation: Operation, base_url: str) -> Json:
    described: Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": operation.description,
        "responses": {
            **{str(success.status): _success(success) for success in operation.successes},
            **_problems(operation, base_url),
        },
    }
    if operation.parameters:
        described["parameters"] = [{"$ref": f"#/components/parameters/{name}"} for name in operation.parameters]
    if operation.bodies is not None:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": _content(_reference(ResolveRequest), operation.bodies)},
        }
    return described


def _success(success: Success) -> Json:
    return {
        "description": success.description,
        "headers": _headers(*ON_EVERY_ANSWER, *ON_LIMITED_ANSWERS, *success.headers),
        "content": {"application/json": _content(_reference(success.shape), success.examples)},
    }


def _problems(operation: Operation, base_url: str) -> dict[str, Json]:
    """A response for each status, whatever codes it comes with."""
    in_order = sorted(operation.errors, key=lambda error: error.status)
    return {
        str(status): _problem(list(errors), base_url)
        for status, errors in groupby(in_order, key=lambda error: error.status)
    }


def _problem(errors: list[ApiError], base_url: str) -> Json:
    references = [_reference(type(error)) for error in errors]
    limited = ON_LIMITED_ANSWERS if not any(isinstance(error, WITHOUT_LIMITS) for error in errors) else ()
    special = {name for error in errors for name in problem_headers(error)}
    examples = {error.code: problem_document(error, base_url) for error in errors}
    return {
        "description": " ".join(f"`{error.code}`: {meaning(type(error))[0]}" for error in errors),
        "headers": _headers(*ON_EVERY_ANSWER, *limited, *sorted(special)),
        "content": {PROBLEM: _content(references[0] if len(errors) == 1 else {"oneOf": references}, examples)},
    }


def _content(schema: Json, examples: Any) -> Json:
    """A body of one media type; what members hold by default is left out of examples of requests."""
    return {
        "schema": schema,
        "examples": {name: {"value": _plain(example)} for name, example in examples.items()},
    }


def _plain(example: Any) -> Any:
    plain = msgspec.to_builtins(example)
    if isinstance(example, ResolveRequest):
        return {name: value for name, value in plain.items() if value is not None}
    return plain


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _reference(shape: type) -> Json:
    return {"$ref": SCHEMAS + shape.__name__}


def _schemas() -> dict[str, Json]:
    shapes = [success.shape for operation in OPERATIONS for success in operation.successes]
    _, schemas = msgspec.json.schema_components([ResolveRequest, *shapes], ref_template=SCHEMAS + "{name}")
    problems = {type(error) for operation in OPERATIONS for error in operation.errors} | {MethodNotAllowed}
    return schemas | {
        problem.__name__: _problem_schema(problem) for problem in sorted(problems, key=lambda problem: problem.__name__)
    }


def _problem_schema(problem: type[ApiError]) -> Json:
    members: Json = {
        "type": {"type": "string", "format": "uri", "pattern": f"#{problem.code}$"},
        "title": {"const": problem.title},
        "status": {"const": problem.status},
        "code": {"const": problem.code},
        "detail": {"type": "string", "description": "What to do about it."},
    }
    if problem is OutOfCredits:
        members["balance"] = {"type": ["integer", "null"], "description": "The account's credits."}
    return {
        "title": problem.title,
        "description": " ".join(meaning(problem)).replace("\n", " ").replace("``", "`"),
        "type": "object",
        "properties": members,
        "required": list(members),
    }
