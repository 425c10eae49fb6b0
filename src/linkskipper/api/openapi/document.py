"""Build the OpenAPI 3.1 document from the route table."""

import msgspec

from linkskipper.api.endpoint import AnyEndpoint, Success
from linkskipper.api.openapi.content import Json, json_content, reference
from linkskipper.api.openapi.headers import HEADERS, LIMITED_RESPONSE_HEADERS, RESPONSE_HEADERS, header_references
from linkskipper.api.openapi.parameters import parameters
from linkskipper.api.openapi.problem_responses import (
    METHOD_NOT_ALLOWED,
    problem_response,
    problem_responses,
    problem_schemas,
)
from linkskipper.api.routes import ENDPOINTS
from linkskipper.api.routes.webhooks import EVENT_EXAMPLES
from linkskipper.webhooks import JobEvent

DESCRIPTION = (
    "Give it a short link and get the URL that it leads to. Send a key with every call as "
    "`Authorization: Bearer sk_live_…`. Bodies are JSON in UTF-8. Times are ISO 8601 in UTC with milliseconds. Every "
    "error is an RFC 9457 problem document: its `code` says what is wrong, its `detail` says what to do about it. "
    "Unknown addresses answer `not_found`. Other methods answer `method_not_allowed` with the header `Allow`."
)

EVENT_DESCRIPTION = (
    "Sent to the `webhook_url` of a job when the job has ended. Attempts continue for three days until the response is "
    "a 2xx, so an event may arrive more than once, with the same `webhook-id` each time. "
    "`X-LinkSkipper-Signature: t=…,v1=…` is the HMAC-SHA256 of `<t>.<body>` in hex. Its secret is the webhook secret "
    "of the key. While an old secret is still valid after a roll, there are two `v1=` values, that of the new secret "
    "first. The headers `webhook-id`, `webhook-timestamp` and `webhook-signature` are those of Standard Webhooks. "
    "Redirects are not followed. A 410 ends the attempts."
)


def openapi_document(base_url: str) -> Json:
    """Return the OpenAPI document of a service at an address."""
    paths: dict[str, Json] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, base_url)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Link Skipper", "version": "1", "description": DESCRIPTION, "license": {"name": "MIT"}},
        "servers": [{"url": base_url}],
        "security": [{"key": []}],
        "paths": paths,
        "webhooks": {"jobEnded": {"post": _event()}},
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "`sk_live_…`"}},
            "parameters": {name: parameter for endpoint in ENDPOINTS for name, parameter in parameters(endpoint)},
            "headers": HEADERS,
            "responses": {"MethodNotAllowed": problem_response([METHOD_NOT_ALLOWED], base_url)},
            "schemas": _schemas(),
        },
    }


def _operation(endpoint: AnyEndpoint, base_url: str) -> Json:
    operation: Json = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": endpoint.description,
        "responses": {
            **{str(success.status): _success(success) for success in endpoint.successes},
            **problem_responses(endpoint.errors, base_url),
        },
    }
    if references := [{"$ref": f"#/components/parameters/{name}"} for name, _ in parameters(endpoint)]:
        operation["parameters"] = references
    if endpoint.body is not None:
        content = json_content(reference(endpoint.body.type), endpoint.body.examples)
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    return operation


def _success(success: Success) -> Json:
    return {
        "description": success.description,
        "headers": header_references(*RESPONSE_HEADERS, *LIMITED_RESPONSE_HEADERS, *success.headers),
        "content": {"application/json": json_content(reference(success.type), success.examples)},
    }


def _event() -> Json:
    return {
        "operationId": "jobEnded",
        "summary": "A job has ended",
        "description": EVENT_DESCRIPTION,
        "requestBody": {
            "required": True,
            "content": {"application/json": json_content(reference(JobEvent), EVENT_EXAMPLES)},
        },
        "responses": {"2XX": {"description": "The event was received."}},
        "security": [],
    }


def _schemas() -> dict[str, Json]:
    bodies = [endpoint.body.type for endpoint in ENDPOINTS if endpoint.body is not None]
    responses = [success.type for endpoint in ENDPOINTS for success in endpoint.successes]
    _, schemas = msgspec.json.schema_components(
        [*bodies, *responses, JobEvent], ref_template="#/components/schemas/{name}"
    )
    return {**schemas, **problem_schemas()}
