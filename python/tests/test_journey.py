"""What somebody new does here, by what the pages say: from an account to a call, a receipt, a key, an
offer of their own. Debian's chromium with a virtual authenticator, over real processes."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from axe_playwright_python.sync_playwright import Axe  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

from account_site import CHROMIUM, AccountSite, Person, until  # noqa: E402
from stoa_market.processes import Service, Stoa  # noqa: E402

STOA = 10 ** 9
WEIGHT_MAX = 150_000
ANSWER = "The quick brown fox jumps over the lazy dog."
# 12 tokens in at 20,000 obol, 20 out at 60,000.
COST = "0.00144 STOA"

pytestmark = pytest.mark.skipif(
    not shutil.which(CHROMIUM), reason="chromium is not installed: scripts/test installs it")


def offer(site: AccountSite, model: str, upstream: str, *options: str) -> None:
    """A seller with a home of its own, as sellers have."""
    home = site.home / model
    home.mkdir()
    stoa = Stoa(site.stoa.binary, home, site.node.url)
    wallet = stoa("wallet", "new", "seller")
    site.stoa("wallet", "send", "--from", "alice", wallet["address"], "20")
    site.others.insert(0, stoa.service(
        model, "sell", model, "--wallet", "seller", "--upstream", upstream, "--bond", "10",
        "--port", "0", *options).start())


def upstream(site: AccountSite, name: str, *options: str) -> Service:
    mock = Path(__file__).parent / "mock_upstream.py"
    service = Service(name, [sys.executable, str(mock), *options], site.home / f"{name}.log",
                      dict(os.environ)).start()
    site.others.append(service)
    return service


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    site = AccountSite(tmp_path_factory.mktemp("journey") / "home")
    try:
        site.sell()
        quick = next(other for other in site.others if other.name == "upstream")
        slow = upstream(site, "slow", "--chunk-delay-ms", "300")
        token = ("--price-in", "20000", "--price-out", "60000")
        offer(site, "slow-model", slow.url, *token)
        offer(site, "mock-embed", quick.url, "--interface", "embeddings", "--price-in", "1000")
        offer(site, "mock-tool", quick.url, "--interface", "json", "--price-call", "2000000")
        yield site
    finally:
        site.stop()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def patience(site):
    site.forget_rates()


@pytest.fixture(scope="module")
def ada(site, browser):
    """Somebody who lets the market spend for them."""
    person = Person(site, browser)
    person.sign_up("Ada Lovelace")
    person.take_from_faucet()
    allow(person)
    yield person
    person.close()


def allow(person: Person, limit: str = "4") -> None:
    person.page.fill("#f-limit", limit)
    person.page.click("#permission button:has-text('Allow')")
    assert person.sign() == "accepted"
    person.close_dialog()


def open_offer(person: Person, model: str) -> None:
    def is_there():
        person.go(f"/search?text={model}")
        return person.page.locator(".card a", has_text=model).count() > 0
    until("the offer in the market", is_there)
    person.page.locator(".card a", has_text=model).first.click()
    person.page.wait_for_selector("h1")


def attempt(person: Person, text: str) -> None:
    person.page.fill("#f-try", text)
    person.page.click("#try button[type=submit]")


def settled(person: Person) -> str:
    """What the page says once the call is over."""
    person.page.wait_for_selector("form[aria-busy=false]", timeout=60_000)
    return person.page.inner_text("#try-result")


PAGES = ("/sell",)


# --- trying an offer ------------------------------------------------------------------------------

def test_a_stranger_is_led_to_sign_in_and_back(site, browser):
    """PRT-110: who is not signed in sees the way, and comes back to the offer."""
    stranger = Person(site, browser)
    open_offer(stranger, "mock-model")
    here = stranger.page.url
    assert stranger.page.locator("[data-try]").count() == 0
    stranger.page.click("text=Sign in to try it")
    stranger.page.click("text=Make an account")
    stranger.page.fill("#f-name", "Passing By")
    stranger.page.click("text=Make a passkey")
    stranger.page.wait_for_url(here)
    # PRT-112: what is refused says what to do, and that nothing was paid.
    attempt(stranger, "Hello")
    said = settled(stranger)
    assert "has not allowed this market to spend" in said and "No money moved" in said
    link = stranger.page.get_attribute("#try-outcome a >> nth=0", "href")
    assert link == "/wallet#permission"
    assert [text for text in stranger.said if "402" not in text] == []
    stranger.close()


def test_an_offer_is_tried_and_its_receipt_listed(site, ada):
    """PRT-110, PRT-113: the answer as it comes, what it cost, and its receipt."""
    open_offer(ada, "mock-model")
    attempt(ada, "What jumps over the dog?")
    said = settled(ada)
    assert ANSWER in said and COST in said and "12 tokens in, 20 out" in said
    assert "by the market before the answer ended" in said
    receipt = ada.page.locator("#try-facts a")
    name = receipt.inner_text()
    receipt.click()
    ada.page.wait_for_selector("h1:has-text('Receipts')")
    row = ada.page.inner_text("tbody tr >> nth=0")
    assert "mock-model" in row and COST in row and "Delivered" in row and name in row
    assert ada.page.url.endswith("#r-" + ada.page.get_attribute("tbody tr", "id")[2:])
    for page in ("/wallet", "/account/usage"):
        ada.go(page)
        assert ada.page.locator("main a[href='/account/receipts']").count() == 1
    assert ada.said == []


def test_other_kinds_are_tried_too(site, ada):
    """PRT-110: embeddings, and any JSON."""
    open_offer(ada, "mock-embed")
    attempt(ada, "Something")
    said = settled(ada)
    assert "0.5, -0.25, 0.125" in said and "4 tokens in" in said and "0.000004 STOA" in said
    open_offer(ada, "mock-tool")
    attempt(ada, '{"anything": [1, 2]}')
    said = settled(ada)
    assert "chat.completion" in said and "0.002 STOA" in said
    assert ada.said == []


def test_a_call_is_stopped(site, ada):
    """PRT-111: what was sent until then is paid, and that is said."""
    open_offer(ada, "slow-model")
    attempt(ada, "Slowly")
    ada.page.wait_for_function(
        "document.getElementById('try-answer').textContent.includes('quick')", timeout=30_000)
    ada.page.click("#try-stop")
    said = settled(ada)
    assert "What was sent until then is paid" in said and "lazy dog" not in said
    assert not ada.page.is_visible("#try-stop")


def test_what_a_seller_says_is_text(site, ada):
    """PRT-110: and an answer that breaks off is not said to be unpaid."""
    open_offer(ada, "mock-model")
    events = [{"choices": [{"delta": {"content": "<img src=x onerror=alert(1)>"}}]}]
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    ada.page.route("**/v1/chat/completions", lambda route: route.fulfill(
        status=200, content_type="text/event-stream", body=body))
    attempt(ada, "Hello")
    said = settled(ada)
    assert "<img src=x" in said and "not known" in said
    assert ada.page.locator("#try-answer img").count() == 0
    # What the market says in the middle of a stream is said as well.
    body += 'data: {"error": {"message": "It broke.", "hint": "Wait.", "money_moved": true}}\n\n'
    attempt(ada, "Hello")
    said = settled(ada)
    assert "It broke. Wait. Money moved" in said
    ada.page.unroute("**/v1/chat/completions")
    assert ada.said == []


def test_receipts_without_a_permission_say_why(site, browser):
    """PRT-113: a list that cannot be seen is not an empty list."""
    person = Person(site, browser)
    person.sign_up("Nobody")
    person.go("/account/receipts")
    assert "has not allowed" in person.page.inner_text(".notice")
    assert "Nothing was bought" not in person.page.inner_text("main")
    person.close()


@pytest.mark.parametrize("width,theme", [(360, "dark"), (1280, "light")])
def test_pages_fit_are_light_and_reach_everybody(site, browser, ada, width, theme):
    """PRT-7 to PRT-9 for what stands here, with an answer shown."""
    found = []
    seen = Person(site, browser, width, theme, bypass_csp=True)
    seen.context.add_cookies(ada.context.cookies())
    weight = [0]

    def weigh(request):
        sizes = request.sizes()
        weight[0] += sizes["responseBodySize"] + sizes["responseHeadersSize"]
    seen.page.on("requestfinished", weigh)
    open_offer(seen, "mock-model")
    for path in (seen.page.url[len(site.url):], "/account/receipts", *PAGES):
        weight[0] = 0
        seen.page.goto(site.url + path, wait_until="networkidle")
        if "/offers/" in path:
            attempt(seen, "What jumps?")
            settled(seen)
        wide = seen.page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            found.append(f"{path}: {wide} px wide")
        if weight[0] > WEIGHT_MAX:
            found.append(f"{path}: {weight[0]} bytes")
        if "{{" in seen.page.content():
            found.append(f"{path}: a template's braces")
        for violation in Axe().run(seen.page).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                nodes = [node["html"][:140] for node in violation["nodes"][:3]]
                found.append(f"{path}: {violation['id']} {nodes}")
        if shots := os.environ.get("STOA_SHOTS"):
            name = re.sub(r"\W+", "-", re.sub(r"[0-9a-f]{64}", "x", path))[:40]
            seen.page.screenshot(path=f"{shots}/{name}-{width}.png", full_page=True)
    seen.close()
    assert found == []
