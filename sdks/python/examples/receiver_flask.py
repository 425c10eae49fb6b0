"""Receive webhooks with Flask: LINKSKIPPER_WEBHOOK_SECRET=whsec_… flask --app receiver_flask run"""

from flask import Flask, request
from flask.typing import ResponseReturnValue

from linkskipper_sdk import WebhookVerificationError, verify_webhook

app = Flask(__name__)
seen: set[str | None] = set()  # in production: a table with a unique webhook_id


@app.post("/hooks/linkskipper")
def receive() -> ResponseReturnValue:
    """Verify the raw body, ignore repeats, and answer soon."""
    try:
        event = verify_webhook(request.get_data(), request.headers)
    except WebhookVerificationError as error:
        return str(error), 400
    if event.webhook_id not in seen:
        seen.add(event.webhook_id)
        app.logger.info("Job %s: %s", event.job_id, event.target_url or event.error)
    return "", 204
