"""The built book as a reader meets it: in Chromium, with the network blocked, on a phone and at a desk.

Each page is loaded once for a width and a theme, and everything is looked at in that one visit.
"""

import gzip
import http.server
import os
import shutil
import threading
from functools import cache, partial
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright
from sphinx_external_toc.parsing import parse_toc_yaml

from book_builder.execution import ROOT

SITE = ROOT / "_build" / "html"
PAGES = [f"{page.removesuffix('.md').removesuffix('.ipynb')}.html" for page in parse_toc_yaml(ROOT / "_toc.yml")]
WIDTHS = {"phone": 390, "desk": 1280}
QUICK = {("desk", "light"), ("phone", "dark")}  # the other two are left to the longer checks
MAX_BYTES = {"notebooks/05_bptt.html": 450_000}  # compressed, with all that the page loads: six hours of work
MAX_PAGE_BYTES = 250_000  # any other page
MAX_REQUESTS = 30  # figures, and a handful for everything else
PATIENCE = 300_000  # milliseconds: what hangs shall end, and a busy machine shall fail nothing
INSTALL = "sudo apt-get install chromium"
# Each has a value where something is wrong.
FACTS = """() => {
  const read = document.body.cloneNode(true);  // without code, and without what only programs read
  read.querySelectorAll('code, pre, script, style, annotation').forEach(node => node.remove());
  return {
  'formulas that are not typeset': [...document.querySelectorAll('.math')].filter(
    node => !node.querySelector('.katex-html')).map(node => node.textContent),
  'formulas without MathML and TeX': [...document.querySelectorAll('.katex')].filter(
    node => !node.querySelector('math annotation')?.textContent).map(node => node.textContent),
  'raw TeX': read.textContent.match(/.*(\\\\[([]|[$][$]|\\\\[a-z]{2,}).*/g),
  'formulas that Tab stops at': [...document.querySelectorAll('.math, .math *')].filter(
    node => node.tabIndex >= 0).map(node => node.outerHTML.slice(0, 100)),
  'fonts that did not load': [...document.fonts].filter(font => font.status === 'error').map(font => font.family),
  'MathJax': [...document.scripts].map(script => script.src + script.text).filter(text => /mathjax/i.test(text)),
  'pixels too wide': Math.max(0, document.documentElement.scrollWidth - window.innerWidth),
  'images without alternative text': [...document.querySelectorAll('article img')].filter(
    image => !image.alt).map(image => image.src),
  'ids that repeat': [...document.querySelectorAll('[id]')].map(node => node.id).filter(
    (id, index, ids) => ids.indexOf(id) !== index),
  'tables without a header': [...document.querySelectorAll('article table')].filter(
    table => !table.querySelector('th')).map(table => table.outerHTML.slice(0, 200)),
  'titles of the page, not one': [...document.querySelectorAll('h1')].map(node => node.textContent).slice(
    document.querySelectorAll('h1').length === 1 ? 1 : 0),
  'folds of the same name': [
    ...document.querySelectorAll('details.hide > summary, .claim-foot > details > summary')].map(
    node => node.textContent).filter((name, index, names) => names.indexOf(name) !== index),
  'what a link to the page is shown with': ['description', 'og:title', 'og:description'].filter(name =>
    !document.querySelector(`meta[name="${name}"], meta[property="${name}"]`)?.content),
}}"""
VISIBLE_SEARCHES = """() => [...document.querySelectorAll('form[role=search], a.frame-search-link')].filter(
  node => node.checkVisibility({visibilityProperty: true}) && node.getBoundingClientRect().right > 0).length"""
# A page that only leads on is not ready, nor is one that waits for a font.
READY = """() => document.readyState === 'complete' && !document.querySelector('meta[http-equiv=Refresh i]')
  && document.fonts.status === 'loaded'"""
# What is folded is opened, and at once: halfway through fading in, a text's contrast is too low. The inside of a
# formula, of hundreds of nodes and most of the time, gives way to one word: it is hidden from screen readers and its
# glyphs are no text, so axe finds nothing there, not even a pale colour; that of the word it finds.
FOR_AXE = """() => {
  const style = document.createElement('style');
  style.textContent = `* { animation: none !important; transition: none !important;
    content-visibility: visible !important }`;
  document.head.append(style);
  document.querySelectorAll('article details').forEach(node => node.open = true);
  document.querySelectorAll('.katex').forEach(node => node.textContent = 'formula');
}"""
# The script that puts what scrolls into the tab order does it for what the window shows: here all of the page.
FRAMES = (
    "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))))"
)

# What passes is not told: it is megabytes a page. Axe loads nothing by itself: that would count as the page's.
LEAN = {"resultTypes": ["violations"], "preload": False}


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
        yield playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"], timeout=PATIENCE)


class Visit:
    """One page opened by one reader, and all that it asked for while it loaded."""

    def __init__(self, browser, site, name, width="desk", theme="light"):
        viewport = {"width": WIDTHS[width], "height": 900}
        context = browser.new_context(viewport=viewport, reduced_motion="reduce")
        context.set_default_timeout(PATIENCE)
        context.add_init_script(f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}')")
        self.site, self.console, self.external, self.loaded = site, [], [], set()
        self.name, self.reader = name, f"{name}, {width}, {theme}"
        self.page = context.new_page()
        self.page.route("**/*", self.route)
        self.page.on("console", self.note)
        self.page.on("pageerror", lambda error: self.console.append(str(error)))
        self.page.goto(site + name, wait_until="load")
        self.page.wait_for_function(READY)

    def route(self, route):
        url = route.request.url
        if url.startswith(self.site):
            self.loaded.add(unquote(urlsplit(url).path).strip("/"))
        elif not url.startswith(("data:", "blob:")):
            self.external.append(url)
            return route.abort()
        return route.continue_()

    def note(self, message):
        if message.type == "error":
            self.console.append(f"{message.text} ({message.location['url']})")

    def findings(self):
        """Everything that is wrong with the page, a sentence each."""
        found = [f"{fact}: {value}" for fact, value in self.page.evaluate(FACTS).items() if value]
        self.page.evaluate(FOR_AXE)
        height = self.page.evaluate("document.documentElement.scrollHeight")
        self.page.set_viewport_size({"width": self.page.viewport_size["width"], "height": height})
        self.page.evaluate(FRAMES)
        for violation in Axe().run(self.page, options=LEAN).response["violations"]:
            nodes = violation["nodes"]
            found += [f"{violation['id']}: {n['html'][:200]} ({n['failureSummary'][:200]})" for n in nodes]
        self.page.wait_for_load_state("networkidle")  # until then the page may ask for more
        found += [f"asks the network for {url}" for url in self.external]
        found += [f"error in the console: {text}" for text in self.console]
        limit = MAX_BYTES.get(self.name, MAX_PAGE_BYTES)
        if (weight := sum(map(compressed, self.loaded))) >= limit:
            found.append(f"weighs {weight} bytes compressed, not less than {limit}")
        if len(self.loaded) > MAX_REQUESTS:
            found.append(f"makes {len(self.loaded)} requests, more than {MAX_REQUESTS}")
        return [f"{self.reader}: {finding}" for finding in found]


@cache
def compressed(name):
    """The size in bytes, compressed, of a file of the book; one that is missing stands in the console."""
    path = SITE / name
    return len(gzip.compress(path.read_bytes())) if path.is_file() else 0


@pytest.fixture
def visit(browser, site):
    """Open a page: `visit(name, width, theme)`."""
    visits = []

    def open_page(name, *reader):
        visits.append(Visit(browser, site, name, *reader))
        return visits[-1]

    yield open_page
    for visited in visits:
        visited.page.context.close()


READERS = [
    pytest.param(width, theme, id=f"{width}-{theme}", marks=() if (width, theme) in QUICK else pytest.mark.slow)
    for width in WIDTHS for theme in ("light", "dark")
]  # fmt: skip


@pytest.mark.parametrize(("width", "theme"), READERS)
@pytest.mark.parametrize("name", [*PAGES, "search.html", "index.html"])
def test_page_is_whole_light_and_accessible_without_a_network(visit, name, width, theme):
    found = visit(name, width, theme).findings()
    assert not found, "\n".join(found)


SPOIL = """() => {
  const article = document.querySelector('article');
  article.insertAdjacentHTML('beforeend', `
    <span class="math">left</span> <span class="math" tabindex="0"><b class="katex">bare</b></span> $$raw$$
    <script>MathJax = {}</script> <div style="width: 5000px">wide</div>
    <img src="https://example.org/a.png"> <a href="#folded"></a>
    <details><summary>More</summary><p style="color: #ddd; background: #fff">pale</p></details>`);
  article.querySelectorAll('.math').forEach(node => node.style.color = '#ddd');
  setTimeout(() => { throw new Error('broken') });
  return new Promise(resolve => setTimeout(resolve));
}"""


@pytest.mark.parametrize("width", WIDTHS)
def test_each_fault_is_found(visit, width, monkeypatch):
    visited = visit("book/notation.html", width)
    visited.page.evaluate(SPOIL)
    monkeypatch.setattr(f"{__name__}.MAX_PAGE_BYTES", 10_000)
    found = visited.findings()
    for told in (
        "formulas that are not typeset: ['left', 'bare']", "formulas without MathML and TeX: ['bare']", "raw TeX: ",
        "formulas that Tab stops at: ", "MathJax: ['MathJax = {}']", "pixels too wide: ",
        "without alternative text: ['https://example.org/a.png']", "image-alt: <img", "link-name: <a",
        'color-contrast: <p style="color: #ddd', "color-contrast: <span class=\"katex",
        "asks the network for https://example.org/a.png", "error in the console: broken", "weighs ",
    ):  # fmt: skip
        assert [one for one in found if one.startswith(f"book/notation.html, {width}, light: ") and told in one], told


@pytest.mark.parametrize("width", WIDTHS)
def test_one_search_box_is_seen(visit, width):
    assert visit(PAGES[0], width).page.evaluate(VISIBLE_SEARCHES) == 1


COPY = """() => {
  const formula = document.querySelector('p .katex'), clipboardData = new DataTransfer();
  getSelection().selectAllChildren(formula);
  document.dispatchEvent(new ClipboardEvent('copy', {clipboardData, cancelable: true}));
  return [formula.querySelector('annotation').textContent, clipboardData.getData('text/plain')];
}"""


def test_a_copied_formula_is_tex(visit):
    tex, copied = visit("book/notation.html").page.evaluate(COPY)
    assert tex and copied == f"${tex}$"


def test_the_search_leads_to_the_word(visit):
    page = visit("search.html?q=exponential").page
    link = page.wait_for_selector("#search-results li a[href*='notebooks/']")
    link.click()
    page.wait_for_selector("article .highlighted")
    page.wait_for_function("""() => [...document.querySelectorAll('article .highlighted')].some(node => {
      const {top, bottom} = node.getBoundingClientRect();
      return top >= 0 && bottom <= window.innerHeight;
    })""")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_link_into_a_chapter_leads_there(visit, width):
    """Though the sections before it are not laid out yet."""
    page = visit("notebooks/05_bptt.html#summary", width).page
    page.wait_for_function("""() => {
      const {top} = document.getElementById('summary').getBoundingClientRect();
      return top >= 0 && top < window.innerHeight / 2;
    }""")


def test_the_skip_link_leads_to_the_content(visit):
    page = visit(PAGES[0]).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.id === 'main-content'")


def test_a_phone_opens_and_closes_the_contents(visit):
    page = visit("notebooks/05_bptt.html", "phone").page
    assert not page.is_visible("#contents")
    page.click(".frame-menu")
    assert page.is_visible("#contents")
    page.click("#contents a[href='#summary']")
    assert not page.is_visible("#contents")


def test_no_page_is_wider_than_a_small_phone(visit):
    for name in PAGES:
        page = visit(name, "phone").page
        page.set_viewport_size({"width": 320, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, name


def test_code_is_copied_by_keyboard(visit):
    visited = visit("notebooks/05_bptt.html")
    visited.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visited.page.locator(".highlight > pre").first.scroll_into_view_if_needed()  # it gets its button when it is near
    button = visited.page.locator(".copy-code").first
    code = button.evaluate("node => node.previousElementSibling.textContent.trimEnd()")
    button.focus()
    visited.page.keyboard.press("Enter")
    visited.page.wait_for_function("() => document.querySelector('.copy-code').textContent === 'Copied'")
    assert visited.page.evaluate("navigator.clipboard.readText()") == code


def test_paper_is_light_and_open(visit):
    page = visit("notebooks/05_bptt.html", "desk", "dark").page
    closed = "document.querySelectorAll('article details:not([open], .hide, .machinery, .claim-source)').length"
    before = page.evaluate(closed)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert before and not page.evaluate(closed)
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(closed) == before
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_theme_that_a_reader_chose_stays(visit):
    page = visit(PAGES[0], "desk", "light").page
    page.click("#switch-theme")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("localStorage.getItem('theme')") == "dark"


def test_search_finds_pages(visit):
    page = visit("search.html?q=notation").page
    page.wait_for_selector("#search-results li a")
    page.wait_for_function("() => document.querySelector('#search-results').innerText.includes('Notation')")


def test_search_leads_to_a_section_whose_excerpt_has_each_formula_once(visit):
    page = visit("search.html?q=jacobian").page
    link = page.wait_for_selector("#search-results li div a[href*='02_softmax.html#']")
    told = link.evaluate("node => node.nextElementSibling.textContent")
    assert "jacobian" in told.lower() and "\\" not in told
    anchor = link.get_attribute("href").partition("#")[2]
    link.click()
    page.wait_for_function(f"""() => {{
      const found = document.getElementById({anchor!r})?.querySelector('.highlighted')?.getBoundingClientRect();
      return found && found.top >= 0 && found.bottom <= window.innerHeight;
    }}""")
