"""A receiver of Link Skipper's webhooks: LINKSKIPPER_WEBHOOK_SECRET=whsec_… python receiver.py"""

import hmac
import json
import os
import time
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = os.environ.get("LINKSKIPPER_WEBHOOK_SECRET", "")
TOLERANCE_SECONDS = 300
MAX_BODY_BYTES = 64 * 1024  # an event has less than half of that


def verify(body, signature, secret, now=None):
    """Return the event in a signed body. Raise ValueError if X-LinkSkipper-Signature does not match the secret."""
    parts = [part.partition("=")[::2] for part in signature.split(",")]
    timestamp = next((value for name, value in parts if name == "t"), "")
    if not timestamp.isdigit() or abs((now or time.time()) - int(timestamp)) > TOLERANCE_SECONDS:
        raise ValueError("the signature is too old or too new")
    expected = hmac.new(secret.encode(), timestamp.encode() + b"." + body, sha256).hexdigest()
    # During the grace time of a rolled secret there are two signatures. One must match.
    if not any(name == "v1" and hmac.compare_digest(value, expected) for name, value in parts):
        raise ValueError("the signature does not match")
    return json.loads(body)


class Receiver(BaseHTTPRequestHandler):
    timeout = 10  # seconds for a client that sends nothing
    seen = set()  # in production: a table with webhook-id as its key

    def do_POST(self):
        length = self.headers["Content-Length"] or ""
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            return self.send_error(413)
        body = self.rfile.read(int(length))
        try:
            event = verify(
                body, self.headers["X-LinkSkipper-Signature"] or "", os.environ["LINKSKIPPER_WEBHOOK_SECRET"]
            )
        except ValueError as error:
            return self.send_error(400, str(error))
        if self.headers["webhook-id"] not in self.seen:  # the same event may come twice
            self.seen.add(self.headers["webhook-id"])
            print(event["event"], event["job_id"], event["target_url"] or event["error"], flush=True)
        self.send_response(204)
        self.end_headers()


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "3000"))), Receiver).serve_forever()
