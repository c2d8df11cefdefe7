"""What somebody new does here, by what the pages say: from an account to a call, a receipt, a key
and an offer of their own. Debian's chromium with a virtual authenticator, over real processes."""

from __future__ import annotations

import base64
import html
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

import openai  # noqa: E402
from axe_playwright_python.sync_playwright import Axe  # noqa: E402

from account_site import CHROMIUM, AccountSite, Person, until  # noqa: E402
from media_upstream import tone  # noqa: E402
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


def upstream(site: AccountSite, name: str, *options: str,
             mock: str = "mock_upstream.py") -> Service:
    program = Path(__file__).parent / mock
    service = Service(name, [sys.executable, str(program), *options], site.home / f"{name}.log",
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
        media = upstream(site, "media", mock="media_upstream.py")
        for model, interface, price in (("mock-pictures", "images", "3000000"),
                                        ("mock-voice", "speech", "4000000")):
            offer(site, model, media.url, "--interface", interface, "--price-call", price)
        offer(site, "mock-ears", media.url, "--interface", "transcription", "--price-call",
              "5000000", "--request-bytes-max", "60000")
        yield site
    finally:
        site.stop()


@pytest.fixture(autouse=True)
def patience(site):
    site.forget_rates()


def spender(site, browser, name: str):
    person = Person(site, browser)
    person.sign_up(name)
    person.take_from_faucet()
    allow(person)
    yield person
    person.close()


@pytest.fixture(scope="module")
def ada(site, browser):
    """Somebody who lets the market spend for them."""
    yield from spender(site, browser, "Ada Lovelace")


@pytest.fixture(scope="module")
def grace(site, browser):
    """Somebody else who does: each seller's channel takes a part of what may be spent."""
    yield from spender(site, browser, "Grace Hopper")


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


def listen(person: Person, seconds: float) -> None:
    person.page.set_input_files("#f-try", {"name": "a.wav", "mimeType": "audio/wav",
                                           "buffer": tone(seconds)})
    person.page.click("#try button[type=submit]")


def settled(person: Person) -> str:
    """What the page says once the call is over."""
    person.page.wait_for_selector("form[aria-busy=false]", timeout=60_000)
    return person.page.inner_text("#try-result")


SHOP = "/sell?" + urllib.parse.urlencode({
    "show": "command", "model": "my-model", "upstream": "http://127.0.0.1:8080", "priceIn": "0.02",
    "priceOut": "0.06", "stake": "10", "licence": "Apache-2.0", "port": "26700"})
PAGES = ("/", "/search", "/sell", SHOP, "/sell?show=command", "/docs", "/docs/api",
         "/docs/api/listOffers?run=1&text=mock", "/docs/api/submitTransaction")


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
    # What is missing is said before anything is typed, one step after the other, and leads back.
    assert stranger.page.locator("[data-try]").count() == 0
    assert "empty" in stranger.page.inner_text("#try-setup")
    stranger.page.click("#try-setup a")
    stranger.page.click(".welcome button")
    assert "5 STOA are in your account" in stranger.page.inner_text(".notice.good")
    assert "let the market spend" in stranger.page.inner_text(".notice.good")
    stranger.page.goto(here)
    stranger.page.click("#try-setup a:has-text('Let the market spend')")
    stranger.page.fill("#f-limit", "1")
    stranger.page.click("#permission button:has-text('Allow')")
    assert stranger.sign() == "accepted"
    stranger.page.click("#transact-outcome a.next-step")
    stranger.page.wait_for_url(here + "#try")
    attempt(stranger, "Hello")
    assert ANSWER in settled(stranger)
    assert stranger.said == []
    stranger.close()


def test_a_refusal_speaks_to_whoever_is_signed_in(site, ada):
    """PRT-112: what happened, whether money moved, and one thing to do; nothing of commands."""
    open_offer(ada, "mock-model")
    refusal = {"error": {"message": "The account does not allow this market to spend for it; "
                                    "nothing was charged.", "code": "insufficient_quota",
                         "hint": "For a wallet of the command line, `stoa session grant`.",
                         "money_moved": False}}
    ada.page.route("**/v1/chat/completions", lambda route: route.fulfill(status=402, json=refusal))
    attempt(ada, "Hello")
    said = settled(ada)
    ada.page.unroute("**/v1/chat/completions")
    assert "does not allow this market to spend for it. No money moved." in said
    assert "`" not in said and "nothing was charged" not in said
    links = ada.page.locator("#try-outcome a")
    assert links.count() == 1
    href = links.get_attribute("href")
    assert href.startswith("/wallet?next=%2Foffers%2F") and href.endswith("%23try#permission")
    assert site.ask("GET", href.split("#")[0], cookie=ada.cookie())[0] == 200
    ada.said.clear()


def test_a_newcomer_is_told_what_comes_next(site, browser):
    """PRT-115: from the first page over the wallet, until the first call."""
    person = Person(site, browser)
    person.go("/")
    person.page.click(".hero >> text=Make an account")
    person.page.fill("#f-name", "Step By Step")
    person.page.click("text=Make a passkey")
    person.page.wait_for_url(site.url + "/wallet")

    def now() -> str:
        return person.page.inner_text("#first-steps [aria-current=step]").strip()
    assert now() == "Take 5 STOA"
    person.take_from_faucet()
    assert now() == "Let the market spend for you"
    person.go("/")
    assert now() == "Let the market spend for you"
    person.page.click("#first-steps [aria-current=step] a")
    person.page.wait_for_selector("#f-limit")
    allow(person, "1")
    assert now() == "Ask a model"
    assert "/offers/" in person.page.get_attribute("#first-steps [aria-current=step] a", "href")
    open_offer(person, "mock-model")
    attempt(person, "Hello")
    assert ANSWER in settled(person)
    for path in ("/", "/wallet"):
        person.go(path)
        assert person.page.locator("#first-steps").count() == 0
    assert person.said == []
    person.close()


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
    # PRT-116: its page has the arithmetic, who signed it, and how a stranger checks it.
    ada.page.wait_for_selector("h1:has-text('Receipt of mock-model')")
    path = ada.page.url[len(site.url):]
    assert "Checked" in ada.page.inner_text("#check")
    counted = ada.page.inner_text("#counted")
    # 12 at 20,000 obol and 20 at 60,000.
    for part in ("Input tokens", "12", "0.00024 STOA", "20", "0.0012 STOA", COST):
        assert part in counted
    papers = json.loads(ada.page.text_content(".disclose code"))
    assert path.endswith("/" + papers["receipt"]) and len(papers["signedReceipt"]) > 600
    for proof in ada.page.locator(".prose a").all():
        assert site.ask("GET", proof.get_attribute("href"))[0] == 200
    assert site.ask("GET", path)[0] == 303
    other = path[:-1] + ("0" if path[-1] != "0" else "1")
    assert site.ask("GET", other, cookie=ada.cookie())[0] == 404
    ada.go("/account/receipts")
    row = ada.page.inner_text("tbody tr >> nth=0")
    assert "mock-model" in row and COST in row and "Delivered" in row and name in row
    assert ada.page.get_attribute("tbody a >> nth=0", "href") == path
    for page in ("/wallet", "/account/usage"):
        ada.go(page)
        assert ada.page.locator("main a[href='/account/receipts']").count() >= 1
    assert ada.said == []


def test_what_is_tried_on_pages_is_counted(site, ada):
    """PRT-94: beside what keys spend, by model and day, once its end was told."""
    def counted():
        ada.go("/account/usage")
        return "Tried on pages" in ada.page.inner_text("main")
    until("the try in the counts", counted, 20)
    said = " ".join(ada.page.inner_text("main").split())
    assert COST in said and "mock-model" in said and "Nothing was spent" not in said
    assert re.search(r"Keys used 0", said), said
    # Each page of a sum says how it differs from the others.
    for page in ("/account/usage", "/account/receipts", "/account/invoices", "/wallet"):
        ada.go(page)
        assert "Three sums that differ" in ada.page.inner_text(".sums")
    ada.go("/account/receipts")
    assert "You" in ada.page.inner_text("tbody tr >> nth=0")
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


def answered(person: Person, path: str, document) -> str:
    """What the page says of a seller's answer that was paid."""
    person.page.route(f"**/v1/{path}", lambda route: route.fulfill(
        json=document, headers={"x-stoa-receipt": "ab" * 32, "x-stoa-cost": "3000000"}))
    attempt(person, "Something else")
    said = settled(person)
    person.page.unroute(f"**/v1/{path}")
    return said


def test_a_picture_is_shown(site, grace):
    """PRT-114: as a picture, and only if it is one."""
    open_offer(grace, "mock-pictures")
    attempt(grace, "A lighthouse at dawn")
    said = settled(grace)
    assert "0.003 STOA" in said and "by the market before" in said
    picture = grace.page.locator("#try-answer img")
    assert picture.get_attribute("alt") == "A lighthouse at dawn"
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 8
    # A seller's answer may be anything.
    page = base64.b64encode(b"<svg onload=alert(1)>").decode()
    data = [{"b64_json": page}, {"url": "javascript:alert(1)"}, {"url": "https://e.example/a.png"},
            {"b64_json": 'iVBORw0KGgo" onerror="alert(1)'}, None, 7,
            {"url": ["https://f.example/b.png"]}]
    said = answered(grace, "images/generations", {"data": data})
    assert "0.003 STOA" in said
    assert grace.page.locator("#try-answer img").count() == 0
    links = grace.page.locator("#try-answer a")
    assert links.evaluate_all("all => all.map(one => one.href)") == ["https://e.example/a.png"]
    # Broken behind its first bytes, and one among pictures that are none.
    broken = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"x" * 40).decode()
    answered(grace, "images/generations", {"data": [{"b64_json": broken}]})
    grace.page.wait_for_selector("#try-answer:has-text('no picture')")
    # What was paid is never said not to be, nor the other way round.
    for none in (None, {"data": 7}, {"data": None}, {"data": [{"url": [[[]]]}]}):
        said = answered(grace, "images/generations", none)
        assert "0.003 STOA" in said and "Receipt" in said and "Nothing was sent" not in said
    assert grace.said == []


def test_stopping_a_picture_stops_the_waiting(site, grace):
    """PRT-111: it comes at once or not at all, so the seller may finish it, and is paid."""
    open_offer(grace, "mock-pictures")
    grace.page.route("**/v1/images/generations", lambda route: None)
    attempt(grace, "A lighthouse at dusk")
    grace.page.click("#try-stop")
    said = settled(grace)
    assert "may still finish" in said and "nothing more" not in said
    grace.page.unroute("**/v1/images/generations")


def test_speech_is_heard(site, grace):
    """PRT-114: in a player, as long as it was made, with the voice that was chosen."""
    open_offer(grace, "mock-voice")
    grace.page.fill("#f-voice", "nova")
    attempt(grace, "x" * 150)
    said = settled(grace)
    assert "0.004 STOA" in said
    length = """audio => new Promise(done => {
      const look = () => audio.readyState ? done(audio.duration) : setTimeout(look, 20);
      look();
    })"""
    player = grace.page.locator("#try-answer audio")
    assert player.evaluate(length) == pytest.approx(1.5, abs=0.01)
    assert grace.said == []


def test_a_recording_is_written_down(site, grace):
    """PRT-114: sent as a form; one that the offer would not take is not sent."""
    open_offer(grace, "mock-ears")
    listen(grace, 0.5)
    said = settled(grace)
    assert "A tone of 0.50 seconds." in said and "0.005 STOA" in said
    listen(grace, 5)
    said = settled(grace)
    assert "larger than this offer takes" in said and "Nothing was sent" in said
    assert grace.said == []


def test_json_goes_to_the_offers_own_seller(site, ada):
    """PRT-110, DOOR-3: though another sells the same name for less."""
    quick = next(other for other in site.others if other.name == "upstream")
    home = site.home / "dear"
    home.mkdir()
    dear = Stoa(site.stoa.binary, home, site.node.url)
    wallet = dear("wallet", "new", "seller")
    site.stoa("wallet", "send", "--from", "alice", wallet["address"], "20")
    seller = dear.service(
        "dear", "sell", "mock-tool", "--wallet", "seller", "--upstream", quick.url, "--bond", "10",
        "--port", "0", "--interface", "json", "--price-call", "3000000").start()
    try:
        def page_of(price):
            ada.go("/search?text=mock-tool")
            card = ada.page.locator(".card", has_text=price)
            return card.locator("a").first.get_attribute("href") if card.count() else None
        until("both offers in the market", lambda: page_of("0.003") and page_of("0.002"))
        # The wallet's own list of offers is a little behind the pages'.
        deadline = time.monotonic() + 30
        while True:
            ada.go(page_of("0.003"))
            attempt(ada, '{"anything": 1}')
            said = settled(ada)
            if "0.003 STOA" in said or time.monotonic() > deadline:
                break
        assert "0.003 STOA" in said, said
        ada.go(page_of("0.002"))
        attempt(ada, '{"anything": 2}')
        assert "0.002 STOA" in settled(ada)
    finally:
        seller.stop()


def test_a_call_is_stopped(site, ada):
    """PRT-111: what was sent until then is paid, and that is said."""
    open_offer(ada, "slow-model")
    attempt(ada, "Slowly")
    ada.page.wait_for_selector("#try-answer:has-text('quick')", timeout=30_000)
    ada.page.click("#try-stop")
    said = settled(ada)
    assert "What was sent until then is paid" in said and "lazy dog" not in said
    assert not ada.page.is_visible("#try-stop")


def stream_of(*events: str) -> str:
    return "".join(f"{event}\n\n" for event in (
        *events, f": stoa-receipt {'ab' * 32} cost=3000000", "data: [DONE]"))


def says(text: str) -> str:
    return json.dumps({"choices": [{"delta": {"content": text}}]})


def fulfil(person: Person, path: str, **answer) -> None:
    person.page.route("**" + path, lambda route: route.fulfill(**answer))


def test_what_was_paid_for_is_shown(site, ada):
    """PRT-110, PRT-112: however it is cut into events, and as much as a page can show."""
    open_offer(ada, "mock-model")
    page = ada.page
    long = says("x" * 400)
    for body, shown in (
            (stream_of(*[f"data: {long}"] * 512), "x" * 200_000),
            (stream_of("data: null", "data: 7",
                       'data: {"choices":\ndata: [{"delta": {"content": "in two lines"}}]}'),
             "in two lines")):
        fulfil(ada, "/v1/chat/completions", content_type="text/event-stream", body=body)
        attempt(ada, "Hello")
        said = settled(ada)
        assert "0.003 STOA" in said and "not known" not in said
        assert page.inner_text("#try-answer") == shown
        assert ("200,000 of 204,800 characters" in said) == (len(shown) == 200_000)
        # Whoever does not see it hears of it, and stands where they stood.
        assert page.inner_text("#try-note") == "The answer is there, for 0.003 STOA."
        assert page.evaluate("document.activeElement.type") == "submit"
        page.unroute("**/v1/chat/completions")
    # Nothing is said of money that nobody said.
    fulfil(ada, "/v1/chat/completions", status=504, json={"message": "upstream timed out"})
    attempt(ada, "Hello")
    said = settled(ada)
    assert "not known" in said and "No money moved" not in said
    page.unroute("**/v1/chat/completions")
    open_offer(ada, "mock-tool")
    path = page.get_attribute("[data-try]", "data-path")
    fulfil(ada, path, body="y" * 200_001, headers={
        "x-stoa-receipt": "ab" * 32, "x-stoa-cost": "3000000"})
    attempt(ada, "{}")
    assert "200,000 of 200,001 characters" in settled(ada)
    assert page.inner_text("#try-answer") == "y" * 200_000
    page.unroute("**" + path)
    assert [text for text in ada.said if "504" not in text] == []
    ada.said.clear()


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


def test_receipts_of_somebody_new_are_an_empty_list(site, browser):
    """PRT-113: whoever never let the market spend bought nothing, and is not told of commands."""
    person = Person(site, browser)
    person.sign_up("Nobody")
    person.go("/account/receipts")
    assert "Nothing was bought yet" in person.page.inner_text("main")
    assert person.page.locator("main .notice").count() == 0
    assert "`" not in person.page.inner_text("main")
    person.close()


@pytest.mark.parametrize("width,theme", [(360, "dark"), (1280, "light")])
def test_pages_fit_are_light_and_reach_everybody(site, browser, grace, width, theme):
    """PRT-7 to PRT-9 for what stands here, with an answer of each kind shown."""
    found = []
    seen = Person(site, browser, width, theme, bypass_csp=True)
    seen.context.add_cookies(grace.context.cookies())
    weight = [0]

    def weigh(request):
        sizes = request.sizes()
        weight[0] += sizes["responseBodySize"] + sizes["responseHeadersSize"]
    seen.page.on("requestfinished", weigh)
    offers = {}
    for model in ("mock-model", "mock-pictures", "mock-voice", "mock-ears"):
        open_offer(seen, model)
        offers[seen.page.url[len(site.url):]] = model
    seen.go("/account/receipts")
    receipt = seen.page.get_attribute("tbody a >> nth=0", "href")
    for path in (*offers, "/account/receipts", receipt, *PAGES):
        weight[0] = 0
        seen.page.goto(site.url + path, wait_until="networkidle")
        if path in offers:
            if offers[path] == "mock-ears":
                listen(seen, 0.5)
            else:
                attempt(seen, "What jumps?")
            assert "STOA" in settled(seen)
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


# --- selling --------------------------------------------------------------------------------------

SOLD = {"model": "my-model", "upstream": "http://127.0.0.1:8080", "priceIn": "0.02"}


def sell_page(site: AccountSite, **fields: str) -> tuple[int, str]:
    query = urllib.parse.urlencode({"show": "command", "port": "0", **SOLD, **fields})
    status, _, text = site.ask("GET", "/sell?" + query)
    return status, text


@pytest.mark.parametrize("field,text,said", [
    ("model", "", "name has 1 to 64"), ("model", "a b", "name has"), ("model", "-x", "name has"),
    ("model", "a'; rm -rf /", "name has"), ("model", "a" * 65, "name has"),
    ("upstream", "ftp://x", "begins with http"), ("upstream", "http://", "begins with http"),
    ("upstream", "http://a b", "begins with http"), ("endpoint", "here", "begins with http"),
    ("priceIn", "", "at least one price"), ("priceIn", "-1", "number of STOA"),
    ("priceIn", "1e3", "number of STOA"), ("priceIn", "1000001", "number of STOA"),
    ("priceIn", "0.0000000001", "number of STOA"), ("priceCall", "lots", "number of STOA"),
    ("stake", "all", "number of STOA"), ("port", "65536", "up to 65535"), ("port", "", "up to"),
    ("licence", "$(id)", "licence has"), ("keyVariable", "A=b", "key has"),
    ("upstreamModel", "`id`", "own name"), ("interface", "json", "nobody counts them"),
])
def test_what_cannot_be_sold_is_refused(site, field, text, said):
    """PRT-121: by name, with what was typed still there."""
    status, shown = sell_page(site, **{field: text})
    assert status == 400 and said in shown and "stoa sell" not in shown
    assert f'value="{html.escape(text)}"' in shown.replace("&#39;", "&#x27;")


def test_a_price_is_exact_and_a_url_is_one_word(site):
    """PRT-120, PRT-121: what is printed means what was typed, to a shell too."""
    _, shown = sell_page(site, upstream="http://127.0.0.1:9/a?b=$(id)&c='d'", priceOut="0.0000001",
                        priceCall="2", stake="0", licence="Apache-2.0")
    command = re.search(r"<code>(stoa sell .*?)</code>", shown, re.S)
    assert command
    words = shlex.split(html.unescape(command[1]).replace("\\\n", " "))
    assert words == [
        "stoa", "sell", "my-model", "--wallet", "seller", "--upstream",
        "http://127.0.0.1:9/a?b=$(id)&c='d'", "--price-in", "20", "--price-out", "100/1000000",
        "--price-call", "2000000000", "--licence", "Apache-2.0", "--port", "0"]
    assert "Without a stake" in shown


def test_a_seller_can_afford_what_the_form_says_at_first(site):
    """PRT-120: of a gift of 5 STOA, 3 are the stake, 1 is for fees, and one pays for sending it."""
    _, _, form = site.ask("GET", "/sell")
    assert re.search(r'id="f-stake"[^>]* value="3"', form)
    status, shown = sell_page(site)
    assert status == 200 and "--bond 3" in shown and "Send 4 STOA" in shown
    assert "take 5 STOA" in shown and "Only programs on your machine" in shown
    _, shown = sell_page(site, endpoint="https://models.example")
    assert "Only programs on your machine" not in shown
    # A stake of nothing is one too, and stays nothing where something else is changed.
    _, shown = sell_page(site, stake="")
    assert "--bond" not in shown and "stake=0" in shown


def test_a_fault_stands_at_its_field(site):
    """PRT-121: and what is folded away is unfolded if the fault is in it."""
    _, shown = sell_page(site, port="lots", model="a b")
    for field in ("port", "model"):
        assert f'href="#f-{field}"' in shown
        assert f'id="f-{field}" aria-invalid="true" aria-describedby="e-{field}"' in shown
    assert '<details class="disclose" open>' in shown
    _, shown = sell_page(site, model="a b")
    assert '<details class="disclose" open>' not in shown


def test_the_pages_say_where_the_command_is_had(site):
    """PRT-130: and those that name its commands lead there."""
    _, _, docs = site.ask("GET", "/docs")
    assert 'id="command"' in docs and "scripts/demo" in docs and "export STOA_NODE=" in docs
    assert 'href="/docs#command"' in site.ask("GET", "/sell")[2]
    assert 'href="/docs#command"' in sell_page(site)[1]


def test_another_sites_link_shows_no_command(site):
    """PRT-120: a stranger's form is looked at before it is a command."""
    query = urllib.parse.urlencode({
        "show": "command", "port": "0", "keyVariable": "A_KEY", **SOLD})
    for origin, is_shown in (("cross-site", False), ("same-site", False), ("same-origin", True),
                             ("none", True)):
        _, _, shown = site.ask("GET", "/sell?" + query, sec_fetch_site=origin)
        assert ("stoa sell" in shown) == is_shown, origin
        assert ("A_KEY</code> holds is sent to http://127.0.0.1:8080" in shown) == is_shown


# --- documentation that runs ----------------------------------------------------------------------

def test_every_operation_is_told(site):
    """PRT-131: those of the OpenAPI document, no more and no fewer."""
    document = json.loads(site.ask("GET", "/api/v1/openapi.json", accept="application/json")[2])
    named = [operation["operationId"] for path in document["paths"].values()
             for method, operation in path.items() if method != "parameters"]
    _, _, page = site.ask("GET", "/docs/api")
    assert sorted(re.findall(r'href="/docs/api/([A-Za-z]+)"', page)) == sorted(named)
    # What people come for is not in it: calls have others' contracts.
    assert "/v1/chat/completions" in page and "/v1/messages" in page
    for name in named:
        status, _, page = site.ask("GET", f"/docs/api/{name}")
        assert status == 200 and "{{" not in page and "curl " in page, name
    assert site.ask("GET", "/docs/api/nothing")[0] == 404


def test_an_operation_is_run_from_its_page(site, browser):
    """PRT-132: the form makes the address, which is asked and shown; the snippet runs as it is."""
    stranger = Person(site, browser)
    stranger.go("/docs/api")
    stranger.page.click("a:has-text('What is for sale')")
    stranger.page.fill("#f-text", "mock-embed")
    stranger.page.select_option("#f-interface", "embeddings")
    stranger.page.click("main button:has-text('Ask')")
    stranger.page.wait_for_selector("#answer[data-state=shown]")
    assert stranger.page.inner_text("#answer-head").startswith("Status 200")
    answer = json.loads(stranger.page.inner_text("#answer-text"))
    assert [entry["model"] for entry in answer["data"]] == ["mock-embed"]
    command = stranger.page.inner_text(".panel-curl code")
    done = subprocess.run(["bash", "-c", command.replace("curl ", "curl -s ", 1)],
                          capture_output=True, text=True, timeout=30)
    assert json.loads(done.stdout)["data"] == answer["data"]
    # Values stay values, and streams end.
    query = urllib.parse.urlencode({"run": "1", "offer": "../a b?c=\"><script>"})
    _, _, page = site.ask("GET", "/docs/api/getOffer?" + query)
    assert "/api/v1/offers/..%2Fa%20b%3Fc%3D%22%3E%3Cscript%3E" in page and "<script>" not in page
    stranger.go("/docs/api/readEvents?run=1&topics=blocks")
    stranger.page.wait_for_selector("#answer[data-state=shown]", timeout=15_000)
    assert "Status 200" in stranger.page.inner_text("#answer-head")
    _, _, page = site.ask("GET", "/docs/api/getOffer?run=1")
    assert "Missing: offer" in page
    stranger.close()


# --- from the first page to the last --------------------------------------------------------------

def run_as_shown(site: AccountSite, home: Path, command: str) -> subprocess.Popen:
    """A command of a page in a shell that has the program, and keys of its own."""
    environment = dict(os.environ, STOA_HOME=str(home), STOA_PASSPHRASE="a seller's own",
                       PATH=f"{Path(site.stoa.binary).parent}:{os.environ['PATH']}")
    return subprocess.Popen(["bash", "-ec", command], env=environment, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            start_new_session=True)


def test_examples_run_as_they_are_shown(site, browser, ada):
    """PRT-41: a stranger's and one's own, on every page that has one: the newest offer is no chat."""
    ada.go("/account/keys/new")
    ada.page.fill("#f-label", "Copied")
    ada.page.fill("#f-day", "1")
    ada.page.click("text=Make the key")
    key = ada.page.inner_text("#new-key")
    shown = [code.strip() for code in ada.page.locator(".code code").all_text_contents()]
    assert len(shown) == 2 and all(key in code for code in shown)
    open_offer(ada, "mock-model")
    here = ada.page.url[len(site.url):]
    for person in (None, ada):
        for path in ("/", "/docs", here):
            _, _, page = site.ask("GET", path, **({"cookie": person.cookie()} if person else {}))
            codes = [html.unescape(code) for code in re.findall(r"<code>([^<]*)</code>", page)]
            found = [code for code in codes if "stoa_live_…" in code and (
                code.startswith("from openai") or "/v1/chat/completions \\\n" in code)]
            assert len(found) == (1 if path == "/" else 2), path
            shown += [code.replace("stoa_live_…", key) for code in found]
    for code in dict.fromkeys(shown):
        command = ["bash", "-ec", code + " -sS --fail-with-body"] if code.startswith("curl ") \
            else [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0 and ANSWER in done.stdout, code + done.stdout + done.stderr
        if code.startswith("from openai"):
            assert re.search(r"^cost in obol: \d+$", done.stdout, re.MULTILINE)
            assert re.search(r"^receipt: [0-9a-f]{64}$", done.stdout, re.MULTILINE)


def test_somebody_new_buys_sells_and_votes(site, browser, tmp_path):
    """PRT-110 to PRT-132: nothing but what the pages say."""
    person = Person(site, browser)
    page = person.page
    # The docs say what comes first.
    person.go("/")
    page.click("nav.nav >> text=Docs")
    page.click("text=Make an account")
    page.fill("#f-name", "Zoë Newcomer")
    page.click("text=Make a passkey")
    page.wait_for_selector(".welcome")
    person.take_from_faucet()
    allow(person, "2")
    # Search, try, and see the receipt.
    person.go("/search")
    page.fill("#f-text", "mock-model")
    page.keyboard.press("Enter")
    page.wait_for_url("**text=mock-model**")
    page.locator(".card a", has_text="mock-model").first.click()
    attempt(person, "What jumps?")
    assert ANSWER in settled(person)
    page.click("#try-facts a")
    page.wait_for_selector("h1:has-text('Receipt of mock-model')")
    # A key, and a call with what the page shows of it.
    person.go("/docs")
    page.click("text=make a key")
    page.fill("#f-label", "My program")
    # Nobody means a key to spend more in a day than the market may.
    assert page.input_value("#f-day") == "2"
    page.fill("#f-day", "1")
    page.click("text=Make the key")
    key = page.inner_text("#new-key")
    client = openai.OpenAI(base_url=site.url + "/v1", api_key=key, max_retries=0)
    reply = client.chat.completions.create(
        model="mock-model", messages=[{"role": "user", "content": "Hello"}])
    assert ANSWER in (reply.choices[0].message.content or "")
    person.go("/account/receipts")
    assert page.locator("tbody tr").count() == 2
    # An offer of one's own: the commands run as they stand.
    person.go("/search")
    page.click("text=Sell a model")
    page.fill("#f-model", "zoe-model")
    page.fill("#f-upstream", next(other.url for other in site.others if other.name == "upstream"))
    page.fill("#f-priceIn", "0.5")
    page.fill("#f-stake", "0.25")
    page.click("text=More of your server")
    page.fill("#f-port", "0")
    page.click("text=Show the command")
    assert "earns 0.00025 STOA" in page.inner_text("aside")
    commands = page.locator(".code code").all_inner_texts()
    made = run_as_shown(site, tmp_path, commands[0])
    output, _ = made.communicate(timeout=60)
    address = re.search(r"stoa1[0-9a-z]+", output)
    assert made.returncode == 0 and address, output
    shop = page.url
    page.click("text=From your wallet")
    assert page.input_value("#f-amount") == "1.25"
    page.fill("#f-to", address[0])
    page.click("#send button")
    assert person.sign() == "accepted"
    person.close_dialog()
    person.go(shop[len(site.url):])
    # One shell for all: where the ledger is was said in the first command.
    where = commands[0].splitlines()[0]
    seller = run_as_shown(site, tmp_path, where + "\n" + commands[1])
    try:
        page.wait_for_selector("#waiting[data-state=found]", timeout=60_000)
        page.click("#waiting a")
        page.wait_for_selector("h1:has-text('zoe-model')")
        attempt(person, "Are you there?")
        assert ANSWER in settled(person)
    finally:
        os.killpg(seller.pid, signal.SIGTERM)
        seller.communicate(timeout=30)
    vote(site, person)
    assert person.said == []
    person.close()


def vote(site: AccountSite, person: Person) -> None:
    """Something is proposed; the newcomer has a say in it."""
    page = person.page
    person.go("/governance")
    page.fill("#f-lock", "0.1")
    page.click("#stake button:has-text('Lock')")
    assert person.sign() == "accepted"
    person.close_dialog()
    proposal = site.stoa("govern", "propose", "number", "channels.closingDelayBlocks=150",
                         "--title", "because", "--wallet", "seller")["proposal"]

    def voting():
        person.go("/governance/" + proposal)
        return page.locator("form[data-transact=vote]").count() == 1
    until("the voting", voting, 90)
    change = page.inner_text("aside")
    assert "Wait for a channel to close" in change and "150 blocks, about 3 min" in change
    assert "now 600 blocks, about 10 min" in change
    page.check("input[value=yes]")
    page.click("#vote button")
    assert person.sign() == "accepted"
    person.close_dialog()
    until("the vote", lambda: "You voted yes" in page.inner_text("#vote"))
