"""The fonts of formulas, without the letters that no page has: a third of the bytes, of what a page waits for.

KaTeX's fonts hold a thousand letters and signs, most for alphabets that the book doesn't use.
"""

from html import unescape
from pathlib import Path

from fontTools import subset

from book_builder import packages

SUFFIX = ".woff"  # WOFF2 is hardly smaller for so few letters, and asks for one package more


def letters(built):
    """Every character of the built pages."""
    pages = (page for page in built.rglob("*.html") if "_static" not in page.parts)
    return frozenset().union(*(unescape(page.read_text("utf-8")) for page in pages))


def trim(app, exception):
    """Write the fonts with the letters that the pages have, where these are others than at the last build."""
    folder = Path(app.outdir) / "_static" / "katex" / "fonts"
    if exception or not folder.parent.exists():
        return
    found = "".join(sorted(letters(Path(app.outdir))))
    stamp, state = folder / "letters.txt", f"{packages.pinned()}\n{found}"
    if stamp.exists() and stamp.read_text("utf-8") == state:
        return
    folder.mkdir(exist_ok=True)
    for font in (packages.FOLDER / "node_modules" / "katex" / "dist" / "fonts").glob("*.ttf"):
        write(font, folder / f"{font.stem}{SUFFIX}", found)
    stamp.write_text(state, "utf-8")


def write(source, target, text):
    """Write the font `source` with the letters of `text` alone; its measures stay, for KaTeX has laid out with them."""
    options = subset.Options(flavor="woff", layout_features="*", notdef_outline=True)
    font = subset.load_font(source, options)
    chosen = subset.Subsetter(options)
    chosen.populate(text=text)
    chosen.subset(font)
    subset.save_font(font, target, options)


def setup(app):
    app.connect("build-finished", trim)
