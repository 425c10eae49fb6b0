"""Receive webhooks with FastAPI: LINKSKIPPER_WEBHOOK_SECRET=whsec_… uvicorn receiver_fastapi:app"""

import logging

from fastapi import FastAPI, HTTPException, Request, Response

from linkskipper_sdk import WebhookVerificationError, verify_webhook

app = FastAPI()
log = logging.getLogger("receiver")
seen: set[str | None] = set()  # in production: a table with a unique webhook_id


@app.post("/hooks/linkskipper")
async def receive(request: Request) -> Response:
    """Verify the raw body, ignore repeats, and answer soon."""
    try:
        event = verify_webhook(await request.body(), request.headers)
    except WebhookVerificationError as error:
        raise HTTPException(400, str(error)) from error
    if event.webhook_id not in seen:
        seen.add(event.webhook_id)
        log.info("Job %s: %s", event.job_id, event.target_url or event.error)
    return Response(status_code=204)
