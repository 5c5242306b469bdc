"""Every link inside the built book lands, and no page has an id twice: one pass over the files, without a browser."""

import re
from collections import Counter
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from test_built_book import SITE

TAG = re.compile(r"<\w[^<>]*>")
ID = re.compile(r'\sid="([^"]*)"')
LINK = re.compile(r'\s(?:href|src)="([^"]*)"')


def read(root):
    """The ids and the links of each page below a folder: `{page: (ids, links)}`."""
    pages = {}
    for path in sorted(one for one in root.rglob("*.html") if "_static" not in one.parts):
        tags = " ".join(TAG.findall(path.read_text("utf-8")))
        pages[path.relative_to(root).as_posix()] = ID.findall(tags), sorted(set(LINK.findall(tags)))
    return pages


def broken(root, pages):
    """Each link to a file of the book that isn't there, or to an id that its page hasn't."""
    ids = {page: set(found) for page, (found, _) in pages.items()}
    for page, (_, links) in pages.items():
        for link in links:
            if urlsplit(link).scheme or link.startswith("//"):
                continue
            target = unquote(urlsplit(urljoin(page, link)).path) or page
            anchor = unquote(urlsplit(link).fragment)
            if not (root / target).is_file() or (anchor and anchor not in ids.get(target, ())):
                yield f"{page}: {link}"


@pytest.fixture(scope="module")
def pages():
    if not (SITE / "index.html").exists():
        pytest.fail("there is no built book to test: run `make book` first")
    return read(SITE)


def test_every_link_inside_the_book_lands(pages, record_property):
    record_property("links", sum(len(links) for _, links in pages.values()))
    assert len(pages) > 15
    assert not list(broken(SITE, pages))


def test_no_page_has_an_id_twice(pages):
    assert not {
        page: twice for page, (ids, _) in pages.items() if (twice := [id for id, n in Counter(ids).items() if n > 1])
    }


def test_a_link_to_nothing_is_found(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.html").write_text(
        '<p id="x"></p><a class="b" href="#x">1</a><a href="#y">2</a><a href="sub/b.html#z">3</a>'
    )
    (tmp_path / "sub/b.html").write_text(
        '<p id="z"><a href="../a.html#x">4</a><a href="../c.html">5</a><a href="https://x.org/#q">6</a>'
    )
    assert list(broken(tmp_path, read(tmp_path))) == ["a.html: #y", "sub/b.html: ../c.html"]
