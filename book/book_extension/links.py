"""How a link that leads out of the book is followed by `python -m book_builder links`."""

DOI = "https://doi.org/"


def look_up_doi(app, uri):
    """Ask the registry whether a DOI exists: publishers turn away what is no browser, so their pages can't tell."""
    return uri.replace(DOI, f"{DOI}api/handles/", 1) if uri.startswith(DOI) else None


def setup(app):
    app.connect("linkcheck-process-uri", look_up_doi)
