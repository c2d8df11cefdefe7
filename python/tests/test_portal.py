"""The portal's pages in a real browser: Debian's chromium, driven by Playwright, over a market of
real processes in which everything was published, sold, shared, traded, judged and voted on."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from portal_site import LIBRARIES, NAMES, ROOT, open_site

CHROMIUM = os.environ.get("STOA_CHROMIUM", "/usr/bin/chromium")
WEIGHT_MAX = 150_000

pytestmark = pytest.mark.skipif(
    not shutil.which(CHROMIUM), reason="chromium is not installed: scripts/test installs it")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    binary = Path(os.environ.get("STOA_BINARY", ROOT / ".build" / "debug" / "stoa"))
    with open_site(binary, tmp_path_factory.mktemp("portal")) as site:
        yield site


class Visit:
    """A page in a window of its own, with what its console said."""

    def __init__(self, browser, width: int = 1280, theme: str = "light", **options):
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, **options)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.weight = 0
        self.page.on("console", lambda message: message.type in ("error", "warning")
                     and self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("requestfinished", self._weigh)

    def _weigh(self, request) -> None:
        sizes = request.sizes()
        self.weight += sizes["responseBodySize"] + sizes["responseHeadersSize"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("name", NAMES)
def test_page(site, browser, name, script):
    """PRT-1, PRT-4, PRT-7: it reads with and without JavaScript, and nothing is refused in it."""
    with Visit(browser, java_script_enabled=script) as visit:
        answer = visit.page.goto(site.url + site.paths[name], wait_until="networkidle")
        assert answer.status == 200
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert visit.page.locator("h1").count() == 1
        assert visit.page.locator("h1").inner_text().strip()
        assert "{{" not in visit.page.content()
        assert visit.said == []
        assert 0 < visit.weight < WEIGHT_MAX, f"{name} weighs {visit.weight} bytes"


# Each width and each theme once: axe reads colours and structure, whatever goes with which.
@pytest.mark.parametrize("width,theme", [(1280, "light"), (360, "dark")])
def test_accessible_and_narrow(site, browser, width, theme):
    """PRT-8, PRT-9: axe finds nothing serious, and nothing sticks out at 360 px."""
    found = []
    with Visit(browser, width, theme, bypass_csp=True) as visit:
        for name in NAMES:
            visit.page.goto(site.url + site.paths[name], wait_until="load")
            wide = visit.page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                found.append(f"{name}: {wide} px wide")
            for violation in Axe().run(visit.page).response["violations"]:
                if violation["impact"] in ("serious", "critical"):
                    nodes = [node["html"][:120] for node in violation["nodes"][:3]]
                    found.append(f"{name}: {violation['id']} {nodes}")
    assert found == []


def test_no_dead_links(site):
    """PRT-10: whatever a page links to is there."""
    seen, dead = set(), []
    for name in NAMES:
        _, html = site.get(site.paths[name])
        for link in re.findall(r'(?:href|src)="(/[^"#]*)', html):
            link = link.replace("&amp;", "&")
            kind = re.sub(r"[0-9a-f]{64}|stoa1\w+|\d+|cursor=[^&]*", "*", link)
            # Five of each kind say enough: blocks and accounts are many.
            if link in seen or sum(1 for other in seen if re.sub(
                    r"[0-9a-f]{64}|stoa1\w+|\d+|cursor=[^&]*", "*", other) == kind) >= 5:
                continue
            seen.add(link)
            status, _ = site.get(link)
            if status != 200:
                dead.append((name, link, status))
    assert dead == []
    assert len(seen) > 60


def test_a_proof_is_checked_in_the_browser(site, browser):
    """PRT-60: the entry's proof leads to the header's root; a changed one does not."""
    with Visit(browser) as visit:
        visit.page.goto(site.url + site.paths["proof"])
        visit.page.wait_for_selector("#proof[data-verdict]")
        assert visit.page.get_attribute("#proof", "data-verdict") == "verified"
        assert "commits to this root" in visit.page.inner_text("#proof-steps")
        assert visit.said == []


# Where a digit of the header is changed, from its beginning or its end; else in the middle.
SEALS = {"chain": 10, "height": 2 * 33 + 15, "scheme": 2 * 177 + 1, "sealing-key": 2 * 178 + 3,
         "second-scheme": 2 * 210 + 1, "length": 2 * 214 + 1, "signature": -1}


@pytest.mark.parametrize("part", ["value", "proof", "header", "key", *SEALS])
def test_a_changed_proof_is_refused(site, browser, part):
    """PRT-60: one changed digit anywhere ends in “Not verified”, the seal's and the chain's too."""
    place = SEALS.get(part)
    part = part if place is None else "header"
    with Visit(browser) as visit:
        def change(route):
            answer = route.fetch()
            html = answer.text()
            start = html.index(f'data-{part}="') + len(f'data-{part}="')
            end = html.index('"', start)
            middle = (start + end) // 2
            if place is not None:
                middle = (start if place >= 0 else end) + place
            other = "0" if html[middle] != "0" else "1"
            route.fulfill(response=answer, body=html[:middle] + other + html[middle + 1:])
        visit.page.route("**/explorer/proof*", change)
        visit.page.goto(site.url + site.paths["proof"])
        visit.page.wait_for_selector("#proof[data-verdict]")
        assert visit.page.get_attribute("#proof", "data-verdict") == "failed"


@pytest.mark.parametrize("end", ["02" + "00" * 40, "03", ""])
def test_a_header_that_nobody_signed_is_refused(site, browser, end):
    """PRT-60: whatever stands where its key and signature should."""
    with Visit(browser) as visit:
        def unsign(route):
            answer = route.fetch()
            route.fulfill(response=answer, body=re.sub(
                r'data-header="([0-9a-f]{354})[0-9a-f]*"', rf'data-header="\g<1>{end}"',
                answer.text()))
        visit.page.route("**/explorer/proof*", unsign)
        visit.page.goto(site.url + site.paths["proof"])
        visit.page.wait_for_selector("#proof[data-verdict]")
        assert visit.page.get_attribute("#proof", "data-verdict") == "failed"


def test_a_browser_that_cannot_check_signatures_says_so(site, browser):
    """PRT-60: what was not checked is not called verified."""
    with Visit(browser) as visit:
        visit.page.add_init_script("crypto.subtle.importKey = () => Promise.reject(new Error())")
        visit.page.goto(site.url + site.paths["proof"])
        visit.page.wait_for_selector("#proof[data-verdict]")
        assert visit.page.get_attribute("#proof", "data-verdict") == "unsealed"
        assert "Verified" not in visit.page.inner_text("#verdict-badge")
        assert "cannot check who signed" in visit.page.inner_text("#verdict-text")


def test_a_proof_says_of_what_it_is(site):
    """PRT-60: an entry in words, and the way back to its page."""
    _, page = site.get(site.paths["proof"])
    assert f'href="{site.paths["account"]}"' in page
    assert re.search(r"Balance [0-9.,]+ STOA, after [0-9,]+ transaction", page)


def test_votes_are_on_what_people_can_read(site):
    """PRT-51, PRT-52: numbers have titles and units, not the names of the state alone."""
    _, rules = site.get("/governance/rules")
    for said in ("Stake of each side in a dispute", "10 STOA", "33.4%", "about 2 h",
                 "A vote can set 0.1 STOA to 1,000,000 STOA", "disputes.bondObol"):
        assert said in rules, said
    _, proposals = site.get("/governance")
    assert re.search(r"(Voting|Takes|Took|Could) [^<]*block [0-9,]+", proposals)


def test_lineage_is_a_list_on_a_telephone(site, browser):
    """PRT-9: the drawing would show half of itself."""
    for width in (1280, 360):
        with Visit(browser, width) as visit:
            visit.page.goto(site.url + site.paths["tune"])
            assert visit.page.is_visible(".graph") == (width == 1280)
            assert visit.page.is_visible(".lineage-list") == (width == 360)
            assert "base" in visit.page.locator(".lineage-list").text_content()


def test_rows_of_jobs_and_markets_say_how_one_begins(site):
    """PRT-13: also once there are some."""
    assert "stoa escrow lock" in site.get("/jobs")[1]
    assert "stoa exchange swap 10 STOA " in site.get(site.paths["market"])[1]
    assert "stoa asset publish" in site.get("/assets")[1]
    assert "stoa govern propose" in site.get("/governance")[1]
    _, job = site.get(site.paths["job"])
    assert re.search(r'step-note">block [0-9,]+, [^<]*(ago|now)', job)


def test_absence_is_proven_too(site, browser):
    """PRT-60: for an account that is not there, the proof shows that there is no entry."""
    with Visit(browser) as visit:
        visit.page.goto(site.url + site.first(
            site.paths["stranger"], r'href="(/explorer/proof\?key=[0-9a-f]+)"'))
        visit.page.wait_for_selector("#proof[data-verdict]")
        assert visit.page.get_attribute("#proof", "data-verdict") == "verified"
        assert "no such entry" in visit.page.inner_text("#verdict-text")


@pytest.mark.skipif(not LIBRARIES.is_dir(), reason="scripts/libraries was not run")
def test_search_is_live(site, browser):
    """PRT-13: results follow the form without a new page, and the address names the search."""
    with Visit(browser) as visit:
        visit.page.goto(site.url + "/search", wait_until="networkidle")
        visit.page.evaluate("window.stays = true")
        visit.page.fill("#f-text", "zzzz")
        visit.page.wait_for_selector("text=No offer matches")
        visit.page.fill("#f-text", " ".join("abcdefghijklmnopq"))
        visit.page.wait_for_selector("text=at most 16 words")
        visit.page.fill("#f-text", "tun")
        visit.page.wait_for_selector(".offer")
        assert visit.page.evaluate("window.stays") is True
        assert "text=tun" in visit.page.url
        assert visit.said == []


def test_a_part_is_never_a_page(site):
    """PRT-13: what restores history gets all of it, what follows typing gets the list."""
    _, part = site.get("/search?text=tun", hx_request="true")
    assert "<main" not in part and 'class="card offer' in part
    for path in ("/search?text=tun", "/assets"):
        _, whole = site.get(path, hx_request="true", hx_history_restore_request="true")
        assert "<main" in whole and "<header" in whole


@pytest.mark.skipif(not LIBRARIES.is_dir(), reason="scripts/libraries was not run")
def test_back_after_a_live_search(site, browser):
    """PRT-13: one press leaves the page, and the way forward leads to what was searched for."""
    with Visit(browser) as visit:
        page = visit.page
        page.goto(site.url + "/", wait_until="load")
        page.goto(site.url + "/search", wait_until="networkidle")
        for text in ("zzzz", "tun"):
            page.fill("#f-text", text)
            page.wait_for_url(f"**text={text}*")
        page.evaluate("history.back()")
        page.wait_for_url(site.url + "/")
        assert page.locator("header.top").count() == 1
        page.evaluate("history.forward()")
        page.wait_for_url("**text=tun*")
        page.wait_for_selector("form.filters")
        assert page.locator("header.top").count() == 1
        assert page.locator("#results .offer").count() > 0
        assert visit.said == []


@pytest.mark.skipif(not LIBRARIES.is_dir(), reason="scripts/libraries was not run")
def test_the_library_comes_when_the_page_is_there(site, browser):
    """PRT-13: what was typed before it came is searched for; pages without lists have it not."""
    with Visit(browser) as visit:
        waiting = []
        visit.page.route("**/htmx.min.js", lambda route: waiting.append(route))
        visit.page.goto(site.url + "/search", wait_until="load")
        visit.page.select_option("#f-interface", "speech")
        for _ in range(500):
            if waiting:
                break
            visit.page.wait_for_timeout(20)
        assert visit.page.locator(".offer").count() > 0
        waiting.pop().continue_()
        visit.page.wait_for_selector("text=No offer matches")
        visit.page.goto(site.url + "/", wait_until="load")
        visit.page.wait_for_timeout(200)
        assert not waiting and visit.said == []


@pytest.mark.skipif(not LIBRARIES.is_dir(), reason="scripts/libraries was not run")
def test_candles_can_be_pointed_at(site, browser):
    """PRT-34: a library's chart takes the drawing's place, and bears a change of theme."""
    with Visit(browser) as visit:
        visit.page.goto(site.url + site.paths["market"])
        visit.page.wait_for_selector("[data-candles][data-state=live]")
        assert not visit.page.is_visible(".chart-scroll")
        assert visit.page.locator(".live-chart canvas").count() > 0
        assert "TradingView" in visit.page.inner_text(".chart-box")
        path = site.paths["market"].replace("exchange", "markets")
        candles = json.loads(site.get(f"/api/v1{path}/candles", "application/json")[1])["data"]
        last = visit.page.inner_text("#candle-legend")
        assert "open" in last and "close" in last and "traded" in last
        day = candles[-1]["time"][:10]
        assert day in last
        box = visit.page.locator(".live-chart").bounding_box()
        for step in range(20):
            visit.page.mouse.move(box["x"] + box["width"] * step / 20, box["y"] + 100)
        visit.page.click("[data-theme-toggle]")
        visit.page.wait_for_timeout(200)
        assert visit.weight < WEIGHT_MAX
        assert visit.said == []


@pytest.mark.skipif(not LIBRARIES.is_dir(), reason="scripts/libraries was not run")
def test_what_was_traded_is_not_rounded(site, browser):
    """PRT-20: in the legend of the chart as elsewhere."""
    decimals = int(site.first(site.paths["market"], r'data-decimals="(\d+)"'))
    with Visit(browser) as visit:
        def trade_much(route):
            answer = route.fetch()
            document = answer.json()
            document["data"][-1]["baseVolume"] = "1234567" + "0" * decimals
            route.fulfill(response=answer, json=document)
        visit.page.route("**/api/v1/**/candles*", trade_much)
        visit.page.goto(site.url + site.paths["market"])
        visit.page.wait_for_selector("[data-candles][data-state=live]")
        assert "1,234,567 traded" in visit.page.inner_text("#candle-legend")
        assert visit.said == []


@pytest.mark.skipif(not LIBRARIES.is_dir(), reason="scripts/libraries was not run")
def test_without_the_library_the_drawing_stays(site, browser):
    """PRT-34: whatever of it does not come, or does not work."""
    def fail(route):
        route.abort()

    def be_another(route):
        route.fulfill(content_type="text/javascript", body="window.LightweightCharts = {}")
    for path, act in (("**/lightweight-charts.js", fail), ("**/candles?**", fail),
                      ("**/lightweight-charts.js", be_another)):
        with Visit(browser) as visit:
            visit.page.route(path, act)
            visit.page.goto(site.url + site.paths["market"], wait_until="networkidle")
            assert visit.page.is_visible(".chart-scroll svg")
            assert visit.page.locator(".live-chart").count() == 0
            assert not visit.page.is_visible("text=TradingView")


def test_search_without_scripts(site, browser):
    """PRT-13: the same form works by itself, and keeps what was asked."""
    with Visit(browser, java_script_enabled=False) as visit:
        visit.page.goto(site.url + "/search")
        visit.page.fill("#f-text", "tune mod")
        visit.page.select_option("#f-sort", "newest")
        with visit.page.expect_navigation():
            visit.page.click("form.filters button")
        assert visit.page.locator(".offer").count() > 0
        assert visit.page.input_value("#f-text") == "tune mod"
        visit.page.fill("#f-max", "cheap")
        with visit.page.expect_navigation():
            visit.page.keyboard.press("Enter")
        assert "number of STOA" in visit.page.inner_text("#results")


def test_explorer_finds_things(site):
    """PRT-14: by height, address and digest; and says so if there is nothing."""
    for path in ("block", "account", "transaction", "tune", "offer", "market", "job", "proposal"):
        name = site.paths[path].rsplit("/", 1)[1]
        request = urllib.request.urlopen(f"{site.url}/explorer/find?q={name}")
        assert request.url == site.url + site.paths[path]
    assert "Nothing is called" in site.get("/explorer/find?q=nothing%20here")[1]


def test_keyboard_and_theme(site, browser):
    """PRT-8: the first stop is the way to the content; the theme can be chosen and stays."""
    with Visit(browser) as visit:
        visit.page.goto(site.url + "/")
        visit.page.keyboard.press("Tab")
        assert visit.page.evaluate("document.activeElement.className") == "skip"
        ground = "getComputedStyle(document.body).backgroundColor"
        light = visit.page.evaluate(ground)
        visit.page.click("[data-theme-toggle]")
        dark = visit.page.evaluate(ground)
        assert dark != light
        visit.page.goto(site.url + "/status")
        assert visit.page.evaluate(ground) == dark


def test_the_menu_on_a_telephone(site, browser):
    """PRT-9: the sections are in a menu that needs no script."""
    with Visit(browser, 360, java_script_enabled=False) as visit:
        visit.page.goto(site.url + "/")
        visit.page.click("summary[aria-label=Menu]")
        visit.page.click(".menu >> text=Governance")
        assert visit.page.url.endswith("/governance")


@pytest.mark.parametrize("path,status", [
    ("/nothing", 404), ("/offers/xyz", 404), ("/assets/" + "0" * 64, 404),
    ("/accounts/stoa1bad", 404), ("/search?cursor=AAAA", 400), ("/explorer/proof?key=zz", 400),
    ("/problems/nothing", 404), ("/explorer/blocks/99999999", 404),
    ("/explorer/blocks/99999999999999999999", 404), ("/governance/" + "f" * 64, 404),
])
def test_errors_are_pages_for_people(site, path, status):
    """PRT-15: what happened, what to do, whether money moved; programs get a problem document."""
    found, html = site.get(path)
    assert found == status and "<h1>" in html and "No money moved" in html
    found, text = site.get(path, accept="application/json")
    assert found == status
    if "cursor" in path:
        assert "out of date" in html and ">Open the list again</a>" in html
        assert 'class="button" href="/search"' in html
    if path == "/nothing":
        assert json.loads(text)["code"] == "not_found"


def test_marks_that_combine_hide_nothing(site):
    """PRT-3: a mark and a quotation mark are one character for some, and two for a browser."""
    for mark in ("\u0600", "\u0301", "\u0d4e"):
        hostile = urllib.parse.quote(f'{mark}"{mark}>{mark}<meta name=evil>')
        for path in (f"/search?text={hostile}", f"/explorer?q={hostile}"):
            _, html = site.get(path)
            assert "meta name=evil" in html and "<meta name=evil" not in html
            assert not re.search(f'{mark}\u200b?["<>]', html)


def test_hostile_questions_are_text(site, browser):
    """PRT-3: what somebody typed comes back as text."""
    hostile = "%3Cscript%3Ealert(1)%3C/script%3E%22%27"
    with Visit(browser) as visit:
        for path in (f"/search?text={hostile}", f"/explorer?q={hostile}",
                     f"/assets?text={hostile}", f"/search?seller={hostile}"):
            visit.page.goto(site.url + path)
            assert visit.page.locator("main script").count() == 0
        assert visit.said == []


def test_caching(site):
    """PRT-5: files never change under their address; a page that is the same is not sent again."""
    _, html = site.get("/docs")
    style = re.search(r'href="(/assets/web/[0-9a-f]+/stoa.css)"', html)[1]
    with urllib.request.urlopen(site.url + style) as answer:
        assert "immutable" in answer.headers["cache-control"]
    assert site.get(style.replace("stoa.css", "layout.mustache"))[0] == 404
    # A page that another version of the program made has that version's address.
    with urllib.request.urlopen(site.url + "/assets/web/0123abcd/stoa.css") as answer:
        assert answer.headers["cache-control"] == "no-cache" and len(answer.read()) > 1000
    request = urllib.request.Request(
        site.url + style, headers={"if-none-match": f'"{style.split("/")[3]}"'})
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(request)
    assert raised.value.code == 304


def test_without_the_ledger(site, browser):
    """PRT-16: what the index knows is shown; what it does not is said. The last test: it ends
    the node."""
    node = site.sitting.services[0]
    node.stop()
    deadline = time.monotonic() + 60
    while "Ledger unreachable" not in site.get("/status")[1]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    for name in ("home", "search", "assets", "explorer", "block", "transaction"):
        assert site.get(site.paths[name])[0] == 200, name
    status, html = site.get(site.paths["account"])
    assert status == 503 and "does not answer" in html and "No money moved" in html
