"""Tokens for programs, with programs that know nothing of Stoa: Authlib asks, PyJWT checks."""

from __future__ import annotations

import base64
import html
import json
import re
import sqlite3
import urllib.error
import urllib.parse
import urllib.request

import jwt
import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client

from access_door import Door, cookie_of

REDIRECT = "http://127.0.0.1:9/callback"
SCOPES = "calls:write usage:read"


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    door = Door(tmp_path_factory.mktemp("oauth") / "home")
    door.passkey = door.authenticator()
    door.person = cookie_of(door.register(door.passkey))
    yield door
    door.stop()


@pytest.fixture(autouse=True)
def patience(door):
    door.forget_rates()


def client(door, confidential: bool = True, scope: str = SCOPES) -> dict:
    answer = door.ask(
        "POST", "/oauth/clients", {"name": "A <b>tool</b>", "scope": scope,
                                   "redirectURIs": [REDIRECT], "confidential": confidential},
        cookie=door.person, headers={"Origin": door.origin})
    assert answer.status == 201, answer.body
    return answer.json


def metadata(door) -> dict:
    return door.ask("GET", "/.well-known/oauth-authorization-server").json


def program(door, made: dict, **more) -> OAuth2Client:
    return OAuth2Client(
        client_id=made["clientId"], client_secret=made.get("clientSecret"), scope=SCOPES,
        redirect_uri=REDIRECT, code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_basic" if "clientSecret" in made else "none",
        **more)


class Stay(urllib.request.HTTPRedirectHandler):
    """Shows a redirect instead of following it."""

    def redirect_request(self, *_, **__):
        return None


def visit(door, url: str, method: str = "GET", body: bytes | None = None, **headers):
    """A browser that is signed in, and shows where it is sent."""
    request = urllib.request.Request(url, data=body, method=method)
    request.add_header("Cookie", door.person)
    for name, value in headers.items():
        request.add_header(name, value)
    try:
        return urllib.request.build_opener(Stay).open(request, timeout=30)
    except urllib.error.HTTPError as error:
        return error


def allow(door, url: str, decision: str = "allow") -> str:
    page = visit(door, url)
    assert page.status == 200, page.read()
    text = page.read().decode()
    assert "<b>" not in text and "&lt;b&gt;" in text, "a client's name is no markup"
    assert REDIRECT.rsplit("/", 1)[0] in page.headers["content-security-policy"]
    sent = answer(door, {**question(text), "decision": decision})
    assert sent.status == 303, sent.read()
    return sent.headers["location"]


def question(page: str) -> dict[str, str]:
    """What the form of the question sends beside the answer."""
    form = re.search(r'<form method="post" action="/oauth/authorize">(.*?)</form>', page, re.S)[1]
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    return {name: html.unescape(value) for name, value in hidden}


def answer(door, fields: dict[str, str], **headers):
    headers = {"Origin": door.origin, **headers}
    return visit(door, door.url + "/oauth/authorize", "POST",
                 urllib.parse.urlencode(fields).encode(),
                 **{"Content-Type": "application/x-www-form-urlencoded"}, **headers)


def granted(door, made: dict):
    """Authlib's whole authorization-code flow with PKCE."""
    found, app, verifier = metadata(door), program(door, made), "v" * 50
    url, state = app.create_authorization_url(
        found["authorization_endpoint"], code_verifier=verifier)
    location = allow(door, url)
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))
    assert query["state"] == state and query["iss"] == found["issuer"]
    token = app.fetch_token(
        found["token_endpoint"], authorization_response=location, code_verifier=verifier)
    return app, token, query["code"]


def checked(door, token: str) -> dict:
    found = metadata(door)
    key = jwt.PyJWKClient(found["jwks_uri"]).get_signing_key_from_jwt(token)
    return jwt.decode(token, key.key, algorithms=["EdDSA", "ES256"], issuer=found["issuer"],
                      audience=found["issuer"], options={"require": ["exp", "iat", "sub", "jti"]})


def works(door, token: str) -> int:
    return door.ask("GET", "/auth/session",
                    headers={"Authorization": f"Bearer {token}"}).status


@pytest.mark.parametrize("confidential", [True, False])
def test_a_program_acts_for_a_person(door, confidential):
    made = client(door, confidential)
    app, token, _ = granted(door, made)
    claims = checked(door, token["access_token"])
    assert claims["scope"] == SCOPES and claims["client_id"] == made["clientId"]
    who = door.ask("GET", "/auth/session",
                   headers={"Authorization": f"Bearer {token['access_token']}"}).json
    assert who["user"] == claims["sub"] and who["scopes"] == SCOPES
    renewed = app.refresh_token(metadata(door)["token_endpoint"], token["refresh_token"])
    assert renewed["access_token"] != token["access_token"]
    assert works(door, renewed["access_token"]) == 200
    app.revoke_token(metadata(door)["revocation_endpoint"], renewed["refresh_token"])
    assert works(door, renewed["access_token"]) == works(door, token["access_token"]) == 401


def withdraw(door, made: dict, token: str | None = None):
    """Presses the page's button, or sends its form with another token."""
    page = visit(door, door.origin + "/account").read().decode()
    form = f'action="/account/programs/{made["clientId"]}/withdraw"'
    if token is None:
        assert form in page
        token = re.search(form + r'><input type="hidden" name="token" value="([^"]+)"', page)[1]
    return visit(door, f"{door.origin}/account/programs/{made['clientId']}/withdraw", "POST",
                 urllib.parse.urlencode({"token": token}).encode(), Origin=door.origin,
                 Accept="text/html", **{"Content-Type": "application/x-www-form-urlencoded"})


def test_what_was_allowed_is_taken_back(door):
    """PRT-99: on a page, at once, and also what the program has not fetched yet."""
    made, other = client(door), client(door)
    app, token, _ = granted(door, made)
    _, again, _ = granted(door, made)
    _, others, _ = granted(door, other)
    itself = program(door, made).fetch_token(
        metadata(door)["token_endpoint"], grant_type="client_credentials")
    url, _ = app.create_authorization_url(
        metadata(door)["authorization_endpoint"], code_verifier="w" * 50)
    unfetched = allow(door, url)

    refused = withdraw(door, made, "of-another-session")
    assert refused.status == 403 and works(door, token["access_token"]) == 200
    page = visit(door, door.origin + "/account").read().decode()
    assert page.count(f'/account/programs/{made["clientId"]}/withdraw') == 1, "shown once"
    assert "A &lt;b&gt;tool&lt;/b&gt;" in page and "calls models" in page
    assert re.search(r"Ends [^<]*20\d\d", page), "and until when"

    done = withdraw(door, made)
    assert done.status == 303 and done.headers["location"] == "/account?done=withdrawn"
    assert works(door, token["access_token"]) == works(door, again["access_token"]) == 401
    with pytest.raises(OAuthError, match="invalid_grant"):
        app.refresh_token(metadata(door)["token_endpoint"], token["refresh_token"])
    with pytest.raises(OAuthError, match="invalid_grant"):
        program(door, made).fetch_token(
            metadata(door)["token_endpoint"], authorization_response=unfetched,
            code_verifier="w" * 50)
    assert works(door, others["access_token"]) == 200, "another program's"
    assert works(door, itself["access_token"]) == 200, "nobody allowed that"
    page = visit(door, door.origin + "/account").read().decode()
    assert made["clientId"] + "/withdraw" not in page and other["clientId"] in page
    assert "took back what was allowed to" in page
    withdraw(door, other)
    assert "None. A program that asks" in visit(door, door.origin + "/account").read().decode()


def listed(door, cookie=None) -> list[str]:
    answer = door.ask("GET", "/oauth/clients", cookie=cookie or door.person)
    assert answer.status == 200, answer.body
    assert "ecret" not in answer.body.decode()
    return [one["clientId"] for one in answer.json["clients"]]


@pytest.mark.parametrize("by_page", [False, True])
def test_a_program_is_ended_with_all_that_it_was_given(door, by_page):
    made, other = client(door), client(door)
    app, token, _ = granted(door, made)
    itself = program(door, made).fetch_token(
        metadata(door)["token_endpoint"], grant_type="client_credentials")
    assert {made["clientId"], other["clientId"]} <= set(listed(door))
    path = f"/oauth/clients/{made['clientId']}"
    strangers = cookie_of(door.register(door.authenticator(), "Mallory"))
    assert listed(door, strangers) == []
    own = {"Origin": door.origin}
    assert door.ask("DELETE", path, cookie=strangers, headers=own).status == 404
    assert door.ask("DELETE", path, headers=own).status == 401
    assert door.ask("DELETE", path, cookie=door.person,
                    headers={"Origin": "https://evil.example"}).status == 403
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    assert door.ask("DELETE", path, headers=bearer).status == 403
    assert door.ask("GET", "/oauth/clients", headers=bearer).status == 403
    assert works(door, token["access_token"]) == 200

    if by_page:
        page = visit(door, door.origin + "/account").read().decode()
        form = f'action="/account/clients/{made["clientId"]}/end"'
        sent = re.search(form + r'><input type="hidden" name="token" value="([^"]+)"', page)[1]
        done = visit(door, f"{door.origin}/account/clients/{made['clientId']}/end", "POST",
                     urllib.parse.urlencode({"token": sent}).encode(), Origin=door.origin,
                     Accept="text/html", **{"Content-Type": "application/x-www-form-urlencoded"})
        assert done.status == 303 and done.headers["location"] == "/account?done=ended"
        assert form not in visit(door, door.origin + "/account").read().decode()
    else:
        assert door.ask("DELETE", path, cookie=door.person, headers=own).status == 204
    assert door.ask("DELETE", path, cookie=door.person, headers=own).status == 404
    assert made["clientId"] not in listed(door) and other["clientId"] in listed(door)
    assert works(door, token["access_token"]) == works(door, itself["access_token"]) == 401
    assert error(ask_token(door, made, grant_type="client_credentials")) == "invalid_client"
    assert error(ask_token(door, made, grant_type="refresh_token",
                           refresh_token=token["refresh_token"])) == "invalid_client"
    assert ask_token(door, other, grant_type="client_credentials").status == 200


def test_the_operator_ends_what_signs_tokens(door):
    made = client(door)
    app, token, _ = granted(door, made)
    before = {key["kid"] for key in door.ask("GET", "/.well-known/jwks.json").json["keys"]}
    door.stoa("keys", "retire-signers")
    assert works(door, token["access_token"]) == 401
    after = {key["kid"] for key in door.ask("GET", "/.well-known/jwks.json").json["keys"]}
    assert after and not after & before
    renewed = app.refresh_token(metadata(door)["token_endpoint"], token["refresh_token"])
    assert works(door, renewed["access_token"]) == 200


def test_a_program_acts_for_itself(door):
    made = client(door)
    app = program(door, made)
    token = app.fetch_token(metadata(door)["token_endpoint"], grant_type="client_credentials")
    assert "refresh_token" not in token
    assert checked(door, token["access_token"])["scope"] == SCOPES
    assert works(door, token["access_token"]) == 200
    app.revoke_token(metadata(door)["revocation_endpoint"], token["access_token"])
    assert works(door, token["access_token"]) == 401


def ask_token(door, made: dict, secret: str | None = None, **fields):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if "clientSecret" in made:
        pair = f"{made['clientId']}:{secret or made['clientSecret']}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    else:
        fields["client_id"] = made["clientId"]
    return door.ask("POST", "/oauth/token", urllib.parse.urlencode(fields).encode(), headers)


def error(answer) -> str:
    assert answer.status in (400, 401), answer.body
    return answer.json["error"]


def test_a_code_is_used_once_and_its_second_use_ends_everything(door):
    made = client(door)
    app, token, code = granted(door, made)
    again = ask_token(door, made, grant_type="authorization_code", code=code,
                      redirect_uri=REDIRECT, code_verifier="v" * 50)
    assert error(again) == "invalid_grant"
    assert works(door, token["access_token"]) == 401
    assert error(ask_token(door, made, grant_type="refresh_token",
                           refresh_token=token["refresh_token"])) == "invalid_grant"


def test_a_renewal_that_asks_for_too_much_uses_nothing_up(door):
    """The program asks again, rightly, with the token that it has."""
    made = client(door)
    _, token, _ = granted(door, made)
    wider = ask_token(door, made, grant_type="refresh_token",
                      refresh_token=token["refresh_token"], scope="keys:write nonsense")
    assert error(wider) == "invalid_scope"
    again = ask_token(door, made, grant_type="refresh_token",
                      refresh_token=token["refresh_token"])
    assert again.status == 200 and "refresh_token" in again.json


def test_a_refresh_token_is_used_once_and_its_second_use_ends_everything(door):
    made = client(door)
    app, token, _ = granted(door, made)
    renewed = app.refresh_token(metadata(door)["token_endpoint"], token["refresh_token"])
    stolen = ask_token(door, made, grant_type="refresh_token",
                       refresh_token=token["refresh_token"])
    assert error(stolen) == "invalid_grant"
    assert works(door, renewed["access_token"]) == 401


@pytest.mark.parametrize("changes", [
    {"code_verifier": "w" * 50}, {"code_verifier": "v" * 42}, {"code_verifier": "v" * 129},
    {"redirect_uri": REDIRECT + "/"}, {"redirect_uri": ""}, {"code": "AAAA"},
])
def test_a_code_is_redeemed_only_as_it_was_asked_for(door, changes):
    made = client(door)
    url, _ = program(door, made).create_authorization_url(
        metadata(door)["authorization_endpoint"], code_verifier="v" * 50)
    code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(allow(door, url)).query))["code"]
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT,
              "code_verifier": "v" * 50, **changes}
    assert error(ask_token(door, made, **fields)) == "invalid_grant"


def test_another_client_redeems_nothing(door):
    made, other = client(door), client(door)
    url, _ = program(door, made).create_authorization_url(
        metadata(door)["authorization_endpoint"], code_verifier="v" * 50)
    code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(allow(door, url)).query))["code"]
    stolen = ask_token(door, other, grant_type="authorization_code", code=code,
                       redirect_uri=REDIRECT, code_verifier="v" * 50)
    assert error(stolen) == "invalid_grant"


def test_wrong_clients_and_grants_are_refused(door):
    made, public = client(door), client(door, confidential=False)
    assert error(ask_token(door, made, secret="A" * 43,
                           grant_type="client_credentials")) == "invalid_client"
    assert error(ask_token(door, {"clientId": made["clientId"]},
                           grant_type="client_credentials")) == "invalid_client"
    assert error(ask_token(door, {"clientId": "client-x"},
                           grant_type="client_credentials")) == "invalid_client"
    assert error(ask_token(door, public,
                           grant_type="client_credentials")) == "unauthorized_client"
    assert error(ask_token(door, made, grant_type="password")) == "unsupported_grant_type"
    assert error(ask_token(door, made, grant_type="client_credentials",
                           scope="keys:write")) == "invalid_scope"
    twice = door.ask("POST", "/oauth/token", b"grant_type=a&grant_type=b",
                     {"Content-Type": "application/x-www-form-urlencoded"})
    assert error(twice) == "invalid_request"


@pytest.mark.parametrize("changes, outcome", [
    ({"redirect_uri": "https://evil.example/"}, 400), ({"client_id": "client-none"}, 400),
    ({"redirect_uri": REDIRECT + "?a=1"}, 400),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge": "short"}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"scope": "keys:write"}, "invalid_scope"),
])
def test_wrong_requests_send_nobody_to_strangers(door, changes, outcome):
    made = client(door)
    url, state = program(door, made).create_authorization_url(
        metadata(door)["authorization_endpoint"], code_verifier="v" * 50)
    query = {**dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query)), **changes}
    answer = visit(door, url.split("?")[0] + "?" + urllib.parse.urlencode(query))
    if isinstance(outcome, int):
        assert answer.status == outcome and "location" not in answer.headers
    else:
        assert answer.status == 303
        sent = dict(urllib.parse.parse_qsl(
            urllib.parse.urlsplit(answer.headers["location"]).query))
        assert sent["error"] == outcome and sent["state"] == state


def test_consent_is_not_given_by_another_sites_page(door):
    made = client(door)
    url, _ = program(door, made).create_authorization_url(
        metadata(door)["authorization_endpoint"], code_verifier="v" * 50)
    body = urllib.parse.urlsplit(url).query.encode() + b"&decision=allow"
    for origin in ("https://evil.example", "null"):
        refused = visit(door, url.split("?")[0], "POST", body, Origin=origin)
        assert refused.status == 403
    shown = question(visit(door, url).read().decode())
    for token in (None, "", "A" * 43):
        fields = {**shown, "token": token, "decision": "allow"}
        if token is None:
            del fields["token"]
        assert answer(door, fields).status == 403
    location = allow(door, url, "deny")
    assert "error=access_denied" in location and "code=" not in location


def test_what_is_allowed_is_what_was_shown(door):
    """PRT-98: not for an organisation that the session came to act for in another tab."""
    made = client(door)
    url, _ = program(door, made).create_authorization_url(
        metadata(door)["authorization_endpoint"], code_verifier="v" * 50)
    shown = question(visit(door, url).read().decode())

    def send(path: str, **fields):
        # A form's token is of the organisation that the session acts for.
        session = json.loads(visit(door, door.origin + "/auth/session").read())
        body = urllib.parse.urlencode({"token": session["csrfToken"], **fields}).encode()
        sent = visit(door, door.origin + path, "POST", body, Origin=door.origin, Accept="text/html",
                     **{"Content-Type": "application/x-www-form-urlencoded"})
        assert sent.status == 303, sent.read()

    send("/account/organisation/new", name="Team")
    try:
        again = answer(door, {**shown, "decision": "allow"})
        text = again.read().decode()
        assert again.status == 200 and "has changed since you were asked" in text
        assert REDIRECT.rsplit("/", 1)[0] in again.headers["content-security-policy"]
        now = question(text)
        assert now["organisation"] != shown["organisation"] and "Team" in text
        changed = {name for name in now if now[name] != shown[name]}
        assert changed == {"organisation", "token"}, "and all else is asked as it was"
        assert "code=" in answer(door, {**now, "decision": "allow"}).headers["location"]
        for missing in ("organisation", "granted"):
            fields = {name: value for name, value in now.items() if name != missing}
            assert answer(door, {**fields, "decision": "allow"}).status == 200
        fewer = {**now, "granted": "usage:read", "decision": "allow"}
        assert answer(door, fewer).status == 200, "not more than was shown"
    finally:
        send("/account/organisation/switch", organisation=shown["organisation"])
    assert "code=" in answer(door, {**shown, "decision": "allow"}).headers["location"]


def test_forged_tokens_are_refused(door):
    made = client(door)
    app = program(door, made)
    token = app.fetch_token(
        metadata(door)["token_endpoint"], grant_type="client_credentials")["access_token"]
    claims, (head, body, signature) = checked(door, token), token.split(".")
    public = door.ask("GET", "/.well-known/jwks.json").json["keys"][0]["x"]
    kid = jwt.get_unverified_header(token)["kid"]
    none = jwt.encode(claims, None, algorithm="none")
    mixed = jwt.encode(claims, public, algorithm="HS256", headers={"kid": kid})
    more = jwt.encode({**claims, "scope": "keys:write"}, "k" * 40, headers={"kid": kid})
    for forged in (none, mixed, more, f"{head}.{more.split('.')[1]}.{signature}",
                   f"{head}.{body}.{signature[:-4]}AAAA", f"{head}.{body}.", f"{head}..{signature}",
                   token + ".", "a.b.c", "..", token + "=", token.replace(head, head + "=")):
        assert works(door, forged) == 401, forged


def test_published_keys_hold_nothing_secret(door):
    keys = door.ask("GET", "/.well-known/jwks.json").json["keys"]
    assert keys
    assert all(set(key) <= {"kty", "crv", "x", "y", "alg", "kid", "use"} for key in keys)


def test_tokens_outlive_a_kill(door):
    made = client(door)
    token = program(door, made).fetch_token(
        metadata(door)["token_endpoint"], grant_type="client_credentials")["access_token"]
    door.serve.kill()
    door.serve.start()
    assert works(door, token) == 200
    assert checked(door, token)["client_id"] == made["clientId"]


def test_es256_for_programs_that_know_no_ed25519(door):
    door.serve.stop()
    door.serve.command += ["--token-algorithm", "ES256"]
    door.serve.start()
    try:
        with sqlite3.connect(door.home / "access.sqlite", timeout=10) as database:
            database.execute("DELETE FROM signers")
        made = client(door)
        token = program(door, made).fetch_token(
            metadata(door)["token_endpoint"], grant_type="client_credentials")["access_token"]
        assert jwt.get_unverified_header(token)["alg"] == "ES256"
        checked(door, token)
        assert works(door, token) == 200
    finally:
        door.serve.stop()
        door.serve.command = door.serve.command[:-2]
        door.serve.start()
