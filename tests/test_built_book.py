"""The built book as a reader meets it: in Chromium, with the network blocked, on a phone and at a desk."""

import gzip
import http.server
import os
import shutil
import threading
from functools import partial

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright
from sphinx_external_toc.parsing import parse_toc_yaml

from book_builder.execution import ROOT, notebooks

SITE = ROOT / "_build" / "html"
PAGES = [f"{page.removesuffix('.md').removesuffix('.ipynb')}.html" for page in parse_toc_yaml(ROOT / "_toc.yml")]
CHAPTERS = [path.relative_to(ROOT).with_suffix(".html").as_posix() for path in notebooks()]
WIDTHS = {"phone": 390, "desk": 1280}
MAX_PAGE_BYTES = 2_000_000
INSTALL = "sudo apt-get install chromium"
FACTS = """() => ({
  untypeset: [...document.querySelectorAll('.math')].filter(node => !node.querySelector('mjx-container')).length,
  errors: document.querySelectorAll('mjx-merror').length,
  overflow: Math.max(0, document.documentElement.scrollWidth - window.innerWidth),
  without_alt: [...document.querySelectorAll('article img')].filter(image => !image.alt).map(image => image.src),
})"""
VISIBLE_SEARCHES = """() => [...document.querySelectorAll('.search-button__button, form.bd-search')].filter(
  node => node.checkVisibility({visibilityProperty: true}) && node.getBoundingClientRect().right > 0).length"""
# A page that only leads on is not ready, nor is one whose formulas wait for MathJax.
READY = """() => document.readyState === 'complete' && !document.querySelector('meta[http-equiv=Refresh i]')
  && (!document.querySelector('.math') || Boolean(window.MathJax?.startup?.promise?.then)
      && MathJax.startup.promise.then(() => true))"""


@pytest.fixture(scope="session")
def site():
    """Address of the built book, served on this machine."""
    if not (SITE / "index.html").exists():
        pytest.fail("there is no built book to test: run `make book` first")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="session")
def browser():
    chromium = shutil.which("chromium")
    if not chromium:
        message = f"the book was not tested in a browser: Chromium is missing; install it with `{INSTALL}`"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])


class Visit:
    """One page opened by one reader, and all that went wrong while it loaded."""

    def __init__(self, browser, site, name, width=1280, theme="light"):
        context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
        context.add_init_script(f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}')")
        self.site, self.console, self.external, self.bodies = site, [], [], {}
        self.page = context.new_page()
        self.page.route("**/*", self.route)
        self.page.on("console", lambda message: message.type == "error" and self.console.append(message.text))
        self.page.on("pageerror", lambda error: self.console.append(str(error)))
        self.page.on("response", lambda response: self.bodies.setdefault(response.url, response))
        self.page.goto(site + name, wait_until="load")
        self.page.wait_for_function(READY)

    def route(self, route):
        if route.request.url.startswith((self.site, "data:", "blob:")):
            return route.continue_()
        self.external.append(route.request.url)
        return route.abort()

    def close(self):
        self.page.context.close()


@pytest.fixture
def visit(browser, site):
    """Open a page: `visit(name, width, theme)`."""
    visits = []

    def open_page(name, **reader):
        visits.append(Visit(browser, site, name, **reader))
        return visits[-1]

    yield open_page
    for visited in visits:
        visited.close()


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("name", [*PAGES, "search.html", "index.html"])
def test_page_is_whole_without_a_network(visit, name, width):
    visited = visit(name, width=width)
    assert visited.external == []
    assert visited.console == []
    assert visited.page.evaluate(FACTS) == {"untypeset": 0, "errors": 0, "overflow": 0, "without_alt": []}


@pytest.mark.parametrize(("theme", "width"), [("light", WIDTHS["desk"]), ("dark", WIDTHS["phone"])])
@pytest.mark.parametrize("name", PAGES)
def test_page_is_accessible(visit, name, theme, width):
    visited = visit(name, theme=theme, width=width)
    visited.page.evaluate("() => document.querySelectorAll('article details').forEach(node => node.open = true)")
    violations = Axe().run(visited.page).response["violations"]
    serious = [
        f"{violation['id']}: {node['html'][:200]} ({node['failureSummary'][:200]})"
        for violation in violations if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]  # fmt: skip
    assert not serious, "\n".join(serious)


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_one_search_box_is_seen(visit, width):
    assert visit(PAGES[0], width=width).page.evaluate(VISIBLE_SEARCHES) == 1


def test_search_finds_pages(visit):
    page = visit("search.html?q=notation").page
    page.wait_for_selector("#search-results li a")
    assert "Notation" in page.inner_text("#search-results")


@pytest.mark.parametrize("name", CHAPTERS)
def test_chapter_is_light(visit, name):
    visited = visit(name)
    visited.page.wait_for_load_state("networkidle")  # until then more responses may come in
    bodies = {url: response.body() for url, response in list(visited.bodies.items()) if response.ok}
    assert sum(len(gzip.compress(body)) for body in bodies.values()) < MAX_PAGE_BYTES


def test_ledger_links_reach_their_boxes(visit):
    page = visit("book/ledger.html").page
    targets = "links => links.map(link => link.getAttribute('href'))"
    for link in page.eval_on_selector_all("table.ledger a[href*='#']", targets):
        target, anchor = link.split("#")
        assert f'id="{anchor}"' in (SITE / "book" / target).resolve().read_text(), link
