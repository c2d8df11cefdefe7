"""The OWASP API Security Top 10 (2023), an item a test, on a real `stoa serve` that speaks TLS.

Each says what was tried and what must not happen. The tests of access, OAuth, API and hosted wallets go
deeper; here is the list.
"""

from __future__ import annotations

import datetime
import http.client
import ipaddress
import json
import re
import socket
import ssl
import time
import urllib.request

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from access_door import Door, cookie_of
from stoa_market.processes import Stoa


def certificate(home, name="localhost"):
    """A certificate of this machine's own, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([
                x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
            .sign(key, hashes.SHA256()))
    chain, secret = home / "certificate.pem", home / "private-key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    return chain, secret


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    door = Door(tmp_path_factory.mktemp("owasp") / "home")
    yield door
    door.stop()


@pytest.fixture(autouse=True)
def patience(door):
    door.forget_rates()


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def key(door, *scopes, label="k"):
    words = [word for scope in scopes for word in ("--scope", scope)]
    return door.stoa("keys", "create", label, *words)["key"]


def member(door, name):
    """Somebody who signed up, and the fields that a page of the market sends along."""
    cookie = cookie_of(door.register(door.authenticator(), name))
    token = door.ask("GET", "/auth/session", cookie=cookie).json["csrfToken"]
    return cookie, {"x-csrf-token": token, "Origin": door.origin}


def test_api1_broken_object_level_authorization(door):
    """Nobody reads or ends what belongs to another organisation by naming it."""
    alice, _ = member(door, "Alice")
    bob, own = member(door, "Bob")
    mine = door.ask("GET", "/stoa/v1/allowance", cookie=alice).json["account"]
    other = door.ask("GET", "/stoa/v1/allowance", cookie=bob).json["account"]
    assert mine != other
    # The account is the session's, whatever else a request names.
    for query in (f"?account={mine}", f"?payer={mine}"):
        shown = door.ask("GET", "/stoa/v1/allowance" + query, cookie=bob)
        assert shown.json["account"] == other
    operator = door.stoa("keys", "create", "operators")
    taken = door.ask("POST", f"/account/keys/{operator['id']}/revoke", {}, cookie=bob, headers=own)
    assert taken.status in (400, 403, 404)
    entry = next(k for k in door.stoa("keys", "list") if k["id"] == operator["id"])
    assert entry["state"] == "active"


def test_api2_broken_authentication(door):
    """Guessed, cut, changed and foreign credentials let nobody in, and tries are counted."""
    good = key(door, "usage:read")
    assert door.ask("GET", "/stoa/v1/receipts", headers=bearer(good)).status in (200, 402)
    for wrong in (good[:-1], good[:-1] + ("a" if good[-1] != "a" else "b"), good.upper(), "", "x",
                  good.replace("live", "test")):
        assert door.ask("GET", "/stoa/v1/receipts", headers=bearer(wrong)).status == 401
    statuses = {door.ask("POST", "/auth/sign-in/begin", {}).status for _ in range(40)}
    assert 429 in statuses


def test_api3_broken_object_property_level_authorization(door):
    """A member that nobody may set is refused, not ignored; a secret is never read back."""
    mass = door.ask("POST", "/api/v1/transactions/prepare", json.dumps({
        "key": "1:" + "ab" * 32, "messages": [], "isAdmin": True}).encode(),
        headers={"Content-Type": "application/json"})
    assert mass.status == 400 and "isAdmin" in mass.body.decode()
    made = door.stoa("keys", "create", "secretive")
    assert "key" in made and all(k.get("key") is None for k in door.stoa("keys", "list"))


def test_api4_unrestricted_resource_consumption(door):
    """Bodies, pages, depth and rates are bounded."""
    deep = b"[" * 100_000
    assert door.ask("POST", "/auth/passkeys/create/begin", deep).status in (400, 413)
    assert door.ask("POST", "/v1/chat/completions", b" " * (5 << 20)).status == 413
    assert door.ask("GET", "/api/v1/blocks?limit=100000").status == 400
    many = {"paths": ["/status"] * 17}
    assert door.ask("POST", "/api/v1/batch", json.dumps(many).encode(),
                    headers={"Content-Type": "application/json"}).status == 400
    asked = 0
    while door.ask("GET", "/api/v1/status").status != 429:
        asked += 1
        assert asked < 1_500, "one address may ask without end"
    assert asked >= 200


def test_api5_broken_function_level_authorization(door):
    """A reader's key cannot call, pay, or make keys."""
    reader = bearer(key(door, "usage:read"))
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    assert door.ask("POST", "/v1/chat/completions", body, headers=reader).status == 403
    submit = door.ask("POST", "/api/v1/transactions", {"transaction": "00"},
                      headers=reader | {"Content-Type": "application/json"})
    assert submit.status == 403
    for path in ("/account/keys", "/account/organisation"):
        assert door.ask("POST", path, {"label": "mine"}, headers=reader).status in (
            303, 400, 401, 403, 404, 405)


def test_api6_unrestricted_access_to_sensitive_business_flows(door):
    """What could be done in bulk to others' cost has a limit of its own."""
    answers = [door.ask("POST", "/auth/passkeys/create/begin", {"name": "bulk"})
               for _ in range(40)]
    limited = [answer for answer in answers if answer.status == 429]
    assert limited and int(limited[0].headers["retry-after"]) >= 1


def test_api7_server_side_request_forgery(door):
    """No request makes the market ask an address of its own network."""
    caller = bearer(key(door, "webhooks:write", "calls:write")) | {
        "Content-Type": "application/json"}
    for url in ("http://127.0.0.1:1/", "https://127.0.0.1/", "https://169.254.169.254/latest",
                "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://10.0.0.8/", "ftp://x/",
                "https://user@example.com/", "file:///etc/passwd"):
        refused = door.ask("POST", "/api/v1/webhooks", {
            "url": url, "events": ["trade"]}, headers=caller)
        assert refused.status in (400, 404, 422), (url, refused.status)
    consent = door.ask("GET", "/oauth/authorize?client_id=x&redirect_uri=http://10.0.0.8/"
                       "&response_type=code&code_challenge=x&code_challenge_method=S256")
    assert consent.status in (400, 401, 404)


def test_api8_security_misconfiguration(door, tmp_path):
    """Over TLS alone with its headers; old protocols, other origins, odd methods are refused, and
    a client that does not finish its request loses the connection."""
    chain, secret = certificate(tmp_path)
    service = Stoa(door.stoa.binary, door.home, door.node.url).service(
        "tls", "serve", "--port", "0", "--database", str(tmp_path / "index.sqlite"),
        "--access-database", str(tmp_path / "access.sqlite"), "--certificate", str(chain),
        "--private-key", str(secret), "--idle-seconds", "2").start()
    try:
        port = int(service.url.rsplit(":", 1)[1])
        assert service.url.startswith("https://")
        trusted = ssl.create_default_context(cafile=str(chain))
        page = urllib.request.urlopen(f"https://localhost:{port}/", context=trusted, timeout=20)
        assert page.headers["strict-transport-security"].startswith("max-age=")
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert page.headers["x-content-type-options"] == "nosniff"
        assert not re.search(r"\d", page.headers.get("server", ""))
        with pytest.raises(ssl.SSLError):
            old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            old.load_verify_locations(str(chain))
            old.maximum_version = ssl.TLSVersion.TLSv1_1
            with socket.create_connection(("localhost", port), 10) as plain:
                old.wrap_socket(plain, server_hostname="localhost")
        with socket.create_connection(("localhost", port), 10) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert not plain.recv(100).startswith(b"HTTP/1.1 200"), "plain HTTP is not answered"
        slow = http.client.HTTPSConnection("localhost", port, timeout=30, context=trusted)
        slow.putrequest("POST", "/auth/passkeys/create/begin")
        slow.putheader("content-length", "100")
        slow.endheaders()
        slow.sock.sendall(b"{")
        started = time.monotonic()
        with pytest.raises((http.client.HTTPException, OSError)):
            slow.getresponse()
        assert time.monotonic() - started < 15
    finally:
        service.stop()
    swapped = Stoa(door.stoa.binary, door.home, door.node.url)(
        "serve", "--port", "0", "--certificate", str(secret), "--private-key", str(chain),
        check=False)
    assert "certificate cannot be used" in swapped["error"]
    allowed = door.ask("OPTIONS", "/api/v1/status", headers={
        "Origin": "https://evil.example", "Access-Control-Request-Method": "POST"})
    assert "access-control-allow-origin" not in allowed.headers
    for method in ("TRACE", "CONNECT", "BREW"):
        assert door.ask(method, "/api/v1/status").status in (400, 404, 405)


def test_api9_improper_inventory_management(door):
    """Everything that is answered is in the document, and everything in it is answered."""
    document = door.ask("GET", "/api/v1/openapi.json").json
    assert document["openapi"].startswith("3.1")
    for path, operations in document["paths"].items():
        if "get" not in operations or "{" in path:
            continue
        if path in ("/events", "/ws"):
            continue
        status = door.ask("GET", "/api/v1" + path).status
        assert status != 404 or "404" in operations["get"]["responses"], path
        door.forget_rates()
    for path in ("/api/v0/status", "/api/v2/status", "/api/internal", "/debug", "/metrics",
                 "/stoa/v1/admin", "/.env", "/.git/config"):
        assert door.ask("GET", path).status == 404, path


def test_api10_unsafe_consumption_of_apis(door, tmp_path):
    """What somebody published is shown as text, and never asked for by the market's pages."""
    hostile, shown = "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"
    proposal = door.stoa("govern", "propose", "text", "--wallet", "alice", "--title", hostile,
                         "--link", f"https://example.org/{hostile}")["proposal"]
    file = tmp_path / "weights"
    file.write_text("weights\n")
    door.stoa("asset", "publish", "hostile", "--wallet", "alice", "--kind", "model", "--file",
              str(file), "--licence", hostile)
    asset = door.stoa("asset", "show", "alice/hostile")["asset"]
    pages = ("/governance", f"/governance/{proposal}", f"/assets/{asset}")
    deadline = time.monotonic() + 30
    while missing := [path for path in pages
                      if shown not in door.ask("GET", path).body.decode()]:
        assert time.monotonic() < deadline, f"the index does not show it on {missing}"
        door.forget_rates()
        time.sleep(0.1)
    for path in ("/", "/assets", "/search", "/search?text=%3Cscript%3Ealert(1)", *pages):
        assert "<script>alert" not in door.ask("GET", path).body.decode(), path
