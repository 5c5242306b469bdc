"""Where the symbols of a box live: links to the definitions that the book shows, in place of their lines.

A box is built with every line; once all pages are read it is known which settings the book shows as definitions.
"""

from docutils import nodes

from book_extension.boxes import claim_symbols
from book_extension.ledger import claims, link, plain_title


def shown(env):
    """The definitions that the book shows: `{id: (page, title)}`."""
    return {
        payload["id"]: (page, plain_title(payload))
        for page, found in claims(env).items()
        for payload in found
        if payload["kind"] == "definition"
    }


def link_settings(app, doctree, docname):
    """Keep of each box's lines those that no shown definition holds, after links to those that hold the others."""
    known = shown(app.env)
    for part in list(doctree.findall(claim_symbols)):
        named = [setting for setting in dict.fromkeys(part["settings"]) if setting in known]
        kept = [line for line, setting in zip(part.children, part["settings"], strict=True) if setting not in known]
        if named:
            told = nodes.paragraph("", "Symbols as in ")
            for number, setting in enumerate(named):
                page, title = known[setting]
                separator = "" if number == 0 else " and " if number == len(named) - 1 else ", "
                told += [nodes.Text(separator), nodes.emphasis("", "", link(app, docname, page, setting, title))]
            told += nodes.Text(", and:" if kept else ".")
            kept.insert(0, told)
        part.children = []
        part += kept


def updated(app, env):
    """Name the pages with claims, to be written anew, if other definitions are shown than before."""
    now = shown(env)
    before, env.book_settings_shown = getattr(env, "book_settings_shown", None), now
    return sorted(claims(env)) if before != now else []


def setup(app):
    app.connect("env-updated", updated)
    app.connect("doctree-resolved", link_settings)
