"""How fast the pages of the built book come on a slow phone: `python -m benchmarks.pages [PAGE ...]`.

Chromium with a processor made 4 times slower, over a network made as slow as fast 3G, from a server that compresses.
Chapter 5, the heaviest, is loaded five times (medians are printed), every other page once, each time without a cache.
"""

import argparse
import gzip
import http.server
import json
import shutil
import sys
import threading
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from statistics import median

from playwright.sync_api import sync_playwright

from experiments.frame import files

SITE = Path(__file__).parents[1] / "_build" / "html"
HEAVIEST = "notebooks/05_bptt.html"
REPEATS = 5
SLOWDOWN = 4
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}
PATIENCE = 120_000  # milliseconds
COMPRESSED = (".html", ".css", ".js", ".svg", ".json")
COLUMNS = ("paint_s", "load_s", "requests", "kB", "shift", "nodes")
DIGITS = {"requests": 0, "kB": 0, "nodes": 0}
# Layout shifts are added up as they come: those of the whole visit.
OBSERVE = """
  window.shift = 0;
  new PerformanceObserver(list => { for (const one of list.getEntries()) if (!one.hadRecentInput) shift += one.value; })
    .observe({type: 'layout-shift', buffered: true});"""
FACTS = """() => ({
  paint_s: performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000,
  load_s: performance.getEntriesByType('navigation')[0].loadEventEnd / 1000,
  shift: window.shift,
  nodes: document.querySelectorAll('*').length,
})"""


class Compressing(http.server.SimpleHTTPRequestHandler):
    """Serve a folder as a web server does: texts compressed, several requests over one connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            return self.send_error(HTTPStatus.NOT_FOUND)
        content = path.read_bytes()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(path))
        if path.suffix in COMPRESSED:
            content = gzip.compress(content)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


@contextmanager
def served(site):
    """Serve a folder on this machine; its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Compressing, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


def visit(browser, address):
    """Load one page as a new visitor does.

    Returns
    -------
    dict
        `paint_s`, seconds to the first contentful paint; `load_s`, to the end of the load event; `requests` and `kB`,
        thousands of bytes with their headers, compressed; `shift`, the sum of layout shifts; `nodes`, elements.
    """
    context = browser.new_context(**PHONE)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.add_init_script(OBSERVE)
    tools = context.new_cdp_session(page)
    received = []
    tools.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    tools.send("Network.enable")
    tools.send("Network.emulateNetworkConditions", NETWORK)
    tools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    page.goto(address, wait_until="load")
    page.wait_for_load_state("networkidle")
    result = page.evaluate(FACTS)
    context.close()
    return {**result, "requests": len(received), "kB": sum(received) / 1000}


def measure(browser, address, repeats):
    """The median of each number over some visits."""
    visits = [visit(browser, address) for _ in range(repeats)]
    return {name: median(one[name] for one in visits) for name in COLUMNS}


def main():
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="PAGE", help="only the pages whose names contain this")
    parser.add_argument("--json", type=files.writable, default="_build/pages.json", help="where to write the numbers")
    arguments = parser.parse_args()
    chromium = shutil.which("chromium")
    pages = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html") if "_static" not in path.parts)
    pages = [page for page in pages if page != "index.html"]  # it only leads on
    chosen = [page for page in pages if not arguments.names or any(name in page for name in arguments.names)]
    if not chromium:
        parser.error("Chromium is missing; install it with `sudo apt-get install chromium`")
    if not chosen:
        parser.error(f"PAGE expected a part of one of {pages}, given {arguments.names}; build the book first")
    print(f"{'page':38s}" + "".join(f"{name:>10s}" for name in COLUMNS))
    results = {}
    with served(SITE) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        visit(browser, address + chosen[0])  # the browser's own start doesn't count
        for page in chosen:
            results[page] = one = measure(browser, address + page, REPEATS if page == HEAVIEST else 1)
            print(f"{page:38s}" + "".join(f"{one[name]:10.{DIGITS.get(name, 2)}f}" for name in COLUMNS), flush=True)
    files.write(json.dumps(results, indent=1) + "\n", arguments.json)
    print(f"written to {arguments.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
