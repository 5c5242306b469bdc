"""What no page of the contents has written leaves the built folder: old pages, with the marks on them, and old images.

Sphinx forgets a page that is taken out of the contents, but leaves its files. It writes the source of each page
beside the pages, so a source without a page in the contents tells of such files.
"""

from pathlib import Path


def remove(app, exception):
    """Remove the page and the source of each document that the book no longer has, and the images that none shows."""
    if exception or app.builder.name != "html":
        return
    built, suffix = Path(app.outdir), app.config.html_sourcelink_suffix
    for source in (built / "_sources").rglob("*.*"):
        docname = source.relative_to(built / "_sources").as_posix().removesuffix(suffix)
        for ending in app.config.source_suffix:
            docname = docname.removesuffix(ending)
        if docname not in app.env.found_docs:
            Path(app.builder.get_outfilename(docname)).unlink(missing_ok=True)
            source.unlink()
    images = {name for _, name in app.env.images.values()}
    for image in (built / app.builder.imagedir).glob("*"):
        if image.name not in images:
            image.unlink()


def setup(app):
    app.connect("build-finished", remove)
