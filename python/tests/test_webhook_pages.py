"""Webhooks for people: their pages in a browser, the verbs in a shell; the receivers are real."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.parse

import pytest
from axe_playwright_python.sync_playwright import Axe
from standardwebhooks.webhooks import Webhook

from account_site import CHROMIUM, AccountSite, Person
from test_webhooks import Receiver

pytestmark = pytest.mark.skipif(
    not shutil.which(CHROMIUM), reason="chromium is not installed: scripts/test installs it")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    site = AccountSite(tmp_path_factory.mktemp("hooks") / "home", "--webhooks-to-loopback")
    try:
        site.sell()
        yield site
    finally:
        site.stop()


@pytest.fixture(scope="module")
def ada(site, browser):
    person = Person(site, browser)
    person.sign_up("Ada Lovelace")
    person.account = person.address
    yield person
    person.close()


@pytest.fixture(autouse=True)
def patience(site):
    site.forget_rates()


@pytest.fixture()
def receiver():
    return Receiver()


def add(person: Person, url: str, *topics: str, signing: str = "hmac") -> tuple[str, str]:
    """A webhook made as somebody makes it: its page, and its secret."""
    page = person.page
    person.go("/account/webhooks/new")
    page.fill("#f-url", url)
    for box in page.locator("input[name^='topic.']").all():
        box.set_checked(box.get_attribute("name").removeprefix("topic.") in topics)
    page.check(f"input[name=signing][value={signing}]")
    page.click("text=Add the webhook >> nth=-1")
    secret = page.inner_text("#new-secret")
    page.click("text=I have it")
    page.wait_for_selector("h1")
    return urllib.parse.urlsplit(page.url).path, secret


def remove(person: Person, path: str) -> None:
    person.go(path)
    person.page.click("summary:has-text('Remove')")
    person.page.click("button:has-text('Remove')")
    person.page.wait_for_selector("text=The webhook is gone")


def reload_until(person: Person, path: str, selector: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while True:
        person.go(path)
        if person.page.locator(selector).count():
            return
        assert time.monotonic() < deadline, person.page.inner_text("main")
        time.sleep(0.2)


# --- refusals first ---------------------------------------------------------------------------------

@pytest.mark.parametrize("path", ["/account/webhooks", "/account/webhooks/new",
                                  "/account/webhooks/whk_" + "0" * 24])
def test_a_stranger_is_shown_the_way_in(site, path):
    """PRT-72."""
    status, headers, _ = site.ask("GET", path)
    assert status == 303 and headers["location"].startswith("/sign-in?next=")


@pytest.mark.parametrize("url,what", [
    ("https://127.1/", "cannot be used"), ("https://user@example.com/", "cannot be used"),
    ("ftp://example.com/", "cannot be used")])
def test_what_cannot_be_an_address_is_said_and_kept(site, ada, url, what):
    """PRT-74, WHK-3: nothing is made, and what was typed is still there."""
    page = ada.page
    ada.go("/account/webhooks/new")
    page.fill("#f-url", url)
    page.fill("#f-note", "Bookkeeping")
    page.click("text=Add the webhook >> nth=-1")
    assert what in page.inner_text(".notice.bad")
    assert page.input_value("#f-url") == url and page.input_value("#f-note") == "Bookkeeping"
    ada.said.clear()
    page.uncheck("input[name='topic.receipts']")
    page.fill("#f-url", "https://example.com/")
    page.click("text=Add the webhook >> nth=-1")
    assert "hear of nothing" in page.inner_text(".notice.bad")
    assert not page.is_checked("input[name='topic.receipts']")
    ada.said.clear()
    ada.go("/account/webhooks")
    assert "No webhook yet" in page.inner_text("main")


def test_anothers_webhook_is_unknown(site, browser, ada, receiver):
    """PRT-97, WHK-2: to look at, to send, to change and to end."""
    path, _ = add(ada, receiver.url, "trades")
    eve = Person(site, browser)
    eve.sign_up("Eve")
    assert eve.go(path).status == 404
    assert eve.go(path + "/change").status == 404
    eve.go("/account")
    token = eve.page.get_attribute("main input[name=token]", "value")
    for act in ("/test", "/pause", "/rotate", "/remove", "/again", "/change"):
        body = urllib.parse.urlencode({
            "token": token, "message": "1", "url": receiver.url, "topic.trades": "1"}).encode()
        status, _, html = site.ask(
            "POST", path + act, body, cookie=eve.cookie(), origin=site.url,
            content_type="application/x-www-form-urlencoded", sec_fetch_site="same-origin")
        assert status == 404 and "no such webhook" in html, act
    assert receiver.messages == []
    eve.close()
    remove(ada, path)


def test_a_form_without_the_sessions_token_does_nothing(site, ada, receiver):
    """PRT-74."""
    path, _ = add(ada, receiver.url, "trades")
    status, _, html = site.ask(
        "POST", path + "/test", b"token=x", cookie=ada.cookie(), origin=site.url,
        content_type="application/x-www-form-urlencoded", sec_fetch_site="same-origin")
    assert status == 403 and "another session" in html
    time.sleep(1)
    assert receiver.messages == []
    remove(ada, path)


# --- what it does -----------------------------------------------------------------------------------

def test_a_webhook_is_added_tested_heard_and_removed(site, ada, receiver):
    """PRT-97: its secret once, what came of each message, again, pause, change, another secret."""
    path, secret = add(ada, receiver.url, "receipts", "own")
    page = ada.page
    assert secret not in page.content()
    page.click("text=Send a test")
    headers, body = receiver.wait(1)[0]
    message = Webhook(secret).verify(body, headers)
    assert message["type"] == "webhooks.tested" and message["data"]["id"] == path.split("/")[-1]
    site.stoa("wallet", "send", ada.account, "1", "--wallet", "alice")
    headers, body = receiver.wait(2)[1]
    assert Webhook(secret).verify(body, headers)["type"] == "accounts.transferred"
    reload_until(ada, path, "tr:nth-child(2) .badge.good")
    assert "accounts.transferred" in page.inner_text("tbody tr:first-child")
    # Again, under the same name.
    page.click("button[aria-label^='Send accounts.transferred again']")
    assert receiver.wait(3)[2][0]["webhook-id"] == headers["webhook-id"]
    # What is refused is shown with its reason.
    receiver.status = 503
    page.click("text=Send a test")
    receiver.wait(4)
    reload_until(ada, path, "tbody tr:first-child .badge.active")
    row = page.inner_text("tbody tr:first-child")
    assert "503" in row and "again in" in row
    assert "Failing" in page.inner_text(".page-head")
    receiver.status = 200
    # Paused, nothing is sent; on again, what waited is.
    page.click("button:has-text('Pause')")
    page.wait_for_selector("text=Nothing is sent")
    site.stoa("wallet", "send", ada.account, "1", "--wallet", "alice")
    time.sleep(2)
    count = len(receiver.messages)
    assert page.locator("button:has-text('Send a test')").count() == 0
    page.click("button:has-text('Switch on')")
    receiver.wait(count + 1)
    # Another secret: the old one is signed with too.
    ada.go(path)
    page.click("summary:has-text('Make a new secret')")
    page.click("button:has-text('Make it')")
    fresh = page.inner_text("#new-secret")
    assert fresh.startswith("whsec_") and fresh != secret and "a day" not in fresh
    page.click("text=I have it")
    count = len(receiver.messages)
    page.click("text=Send a test")
    headers, body = receiver.wait(count + 1)[-1]
    for key in (secret, fresh):
        assert Webhook(key).verify(body, headers)
    # Changed: other topics, another note.
    ada.go(path)
    page.click(".actions a:has-text('Change')")
    assert page.is_checked("input[name='topic.receipts']")
    assert page.is_checked("input[name='topic.own']")
    page.uncheck("input[name='topic.own']")
    page.fill("#f-note", "For the books")
    page.click("text=Keep the changes")
    page.wait_for_selector("text=The changes are kept")
    assert "For the books" in page.inner_text("main")
    assert "Your account" not in page.inner_text("aside")
    remove(ada, path)
    assert ada.go(path).status == 404
    ada.said.clear()


def test_it_works_without_scripts(site, browser, ada, receiver):
    """PRT-1: the whole of it as forms, signed with the market's key."""
    plain = browser.new_context(java_script_enabled=False)
    plain.add_cookies(ada.context.cookies())
    page = plain.new_page()
    page.goto(site.url + "/account/webhooks/new")
    page.fill("#f-url", receiver.url)
    page.check("input[value=ed25519]")
    page.click("text=Add the webhook >> nth=-1")
    assert page.inner_text("#new-secret").startswith("whpk_")
    page.click("text=I have it")
    page.click("text=Send a test")
    assert receiver.wait(1)[0][0]["webhook-signature"].startswith("v1a,")
    path = urllib.parse.urlsplit(page.url).path
    plain.close()
    remove(ada, path)


def test_a_hostile_address_and_note_are_text(site, ada, receiver):
    """PRT-3."""
    page = ada.page
    ada.go("/account/webhooks/new")
    page.fill("#f-url", receiver.url + "?a='%3Cscript%3E&b=%7B%7Btoken%7D%7D")
    page.fill("#f-note", "<script>alert(1)</script>{{token}}")
    page.click("text=Add the webhook >> nth=-1")
    page.click("text=I have it")
    assert "<script>alert(1)</script>{{token}}" in page.inner_text("main")
    assert ada.said == []
    remove(ada, urllib.parse.urlsplit(page.url).path)


@pytest.mark.parametrize("width,theme", [(1280, "light"), (360, "light"), (1280, "dark"),
                                         (360, "dark")])
def test_accessible_and_narrow(site, browser, ada, receiver, width, theme):
    """PRT-8, PRT-9 for each of the pages, with messages that arrived and some that did not."""
    bad = Receiver()
    bad.status = 500
    path, _ = add(ada, receiver.url, "trades")
    other, _ = add(ada, bad.url + "?" + "long" * 60, "receipts", "own", signing="ed25519")
    for one in (path, other):
        ada.go(one)
        ada.page.click("text=Send a test")
    reload_until(ada, path, "tbody .badge.good")
    reload_until(ada, other, "tbody .badge.active")
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, bypass_csp=True)
    context.add_cookies(ada.context.cookies())
    page = context.new_page()
    found = []

    def look(name):
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            found.append(f"{name}: {wide} px wide")
        if "{{" in page.content():
            found.append(f"{name}: a template's braces")
        for violation in Axe().run(page).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                nodes = [node["html"][:140] for node in violation["nodes"][:3]]
                found.append(f"{name}: {violation['id']} {nodes}")
    for name in ("/account/webhooks", "/account/webhooks/new", path, other, other + "/change"):
        page.goto(site.url + name, wait_until="networkidle")
        look(name)
    page.goto(site.url + other)
    page.click("summary:has-text('Make a new key')")
    page.click("button:has-text('Make it')")
    page.wait_for_selector("#new-secret")
    look("made")
    context.close()
    for one in (path, other):
        remove(ada, one)
    assert found == []


# --- the verbs --------------------------------------------------------------------------------------

def verb(site, *words: str, status: int = 0):
    done = subprocess.run(
        [site.stoa.binary, "webhooks", *words, "--json"], env=site.stoa.env,
        capture_output=True, text=True, timeout=60)
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout) if status == 0 else done.stderr


def test_the_verbs_refuse_what_makes_no_sense(site):
    assert "https" in verb(site, "add", "https://127.1/", status=1)
    assert "https" in verb(site, "add", "http://127.0.0.1:1/", status=1)
    assert "no topic" in verb(site, "add", "https://a.example/", "--topic", "shoes", status=1)
    assert "names no webhook" in verb(site, "remove", "x", status=1)
    assert "no such webhook" in verb(site, "test", "whk_" + "0" * 24, status=1)
    assert verb(site, "list") == []


def test_the_verbs_add_test_send_again_and_remove(site, receiver):
    """WHK-2: the operator's, beside a `stoa serve` that runs."""
    made = verb(site, "add", receiver.url, "--to-loopback", "--topic", "account:alice",
                "--topic", "trades", "--note", "ops")
    assert made["secret"].startswith("whsec_")
    listed = verb(site, "list")
    assert [entry["id"] for entry in listed] == [made["id"]] and "secret" not in listed[0]
    assert listed[0]["topics"] == [f"account:{site.address('alice')}", "trades"]
    verb(site, "test", made["id"])
    headers, body = receiver.wait(1)[0]
    assert Webhook(made["secret"]).verify(body, headers)["type"] == "webhooks.tested"
    site.stoa("wallet", "send", site.address("seller"), "1", "--wallet", "alice")
    receiver.wait(2)
    deadline = time.monotonic() + 10
    while True:
        messages = verb(site, "messages", made["id"])
        if all(one["state"] == "delivered" for one in messages):
            break
        assert time.monotonic() < deadline, messages
        time.sleep(0.2)
    assert messages[0]["type"] == "accounts.transferred" and messages[0]["status"] == 200
    verb(site, "again", made["id"], str(messages[0]["number"]))
    assert receiver.wait(3)[2][0]["webhook-id"] == receiver.messages[1][0]["webhook-id"]
    assert verb(site, "pause", made["id"])["state"] == "paused"
    verb(site, "test", made["id"])
    time.sleep(1)
    assert len(receiver.messages) == 3
    assert verb(site, "resume", made["id"])["state"] == "active"
    receiver.wait(4)
    fresh = verb(site, "rotate", made["id"], "--overlap-hours", "0")["secret"]
    verb(site, "test", made["id"])
    headers, body = receiver.wait(5)[4]
    Webhook(fresh).verify(body, headers)
    verb(site, "remove", made["id"])
    assert verb(site, "list") == []
