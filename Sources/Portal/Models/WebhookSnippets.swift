/// How a receiver checks what it is sent, with the libraries of Standard Webhooks.
struct WebhookSnippets {
    let secret: String
    /// Whether the secret is a public key that checks Ed25519.
    let isPublic: Bool

    var all: [(language: String, title: String, text: String)] {
        isPublic
            ? [("python", "Python", ed25519)]
            : [("python", "Python", python), ("javascript", "JavaScript", javascript)]
    }

    private var python: String {
        """
        # pip install flask standardwebhooks
        import os
        from flask import Flask, request
        from standardwebhooks.webhooks import Webhook

        app = Flask(__name__)
        webhook = Webhook(os.environ["STOA_WEBHOOK_SECRET"])

        @app.post("/stoa")
        def stoa():
            message = webhook.verify(request.data, request.headers)
            print(message["type"], message["data"])
            return "", 204
        """
    }

    private var javascript: String {
        """
        // npm install express standardwebhooks
        import express from "express";
        import { Webhook } from "standardwebhooks";

        const webhook = new Webhook(process.env.STOA_WEBHOOK_SECRET);

        express()
          .post("/stoa", express.raw({ type: "*/*" }), (request, response) => {
            const message = webhook.verify(request.body, request.headers);
            console.log(message.type, message.data);
            response.status(204).end();
          })
          .listen(3000);
        """
    }

    private var ed25519: String {
        """
        # pip install flask cryptography
        import base64
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from flask import Flask, request

        app = Flask(__name__)
        key = Ed25519PublicKey.from_public_bytes(
            base64.b64decode("\(secret.dropFirst("whpk_".count))"))

        @app.post("/stoa")
        def stoa():
            fields = request.headers
            signed = f"{fields['webhook-id']}.{fields['webhook-timestamp']}.".encode()
            signature = fields["webhook-signature"].removeprefix("v1a,")
            key.verify(base64.b64decode(signature), signed + request.data)
            print(request.json["type"], request.json["data"])
            return "", 204
        """
    }
}
