"""Ways back: what answers a row of the inventory links it, a mistake its erratum, a chapter its parts of the lists.

The lists (ledger, errata, sources) link what they are drawn from; here are the links in the other direction. They are
drawn when all pages are known, so that each leads somewhere: what the book does not list stays plain words.
"""

from docutils import nodes

from book_extension.boxes import count, row_names, way_back
from book_extension.errata import KINDS, mistakes
from book_extension.ledger import claims, link, part_id, row_id
from book_extension.numbers import chapter
from book_extension.sources import chapter_id, chapter_pages, listed

WORDS = {"false": "false", "ill-formed": "ill-formed", "wording": "imprecise", "book": "of this book"}


def fill(app, doctree, docname):
    """Draw the ways back of one page."""
    if section := doctree.next_node(nodes.section):
        section += of_chapter(app, docname)
    name_rows(app.env, doctree, docname)
    places = app.env.get_domain("std").anonlabels
    for names in list(doctree.findall(row_names)):
        for name in list(names.findall(nodes.inline))[1:]:
            if place := places.get(name.astext().lower()):
                name[:] = [link(app, docname, *place, name.astext())]
    for words in list(doctree.findall(way_back)):
        words.replace_self([link(app, docname, *place, words.astext())] if (place := aim(app.env, words)) else [])


def aim(env, words):
    """The page and the anchor of a claim's row in the ledger, or of an erratum; nothing, where there is none."""
    if "erratum" in words:
        return env.get_domain("std").anonlabels.get(f"erratum-{words['erratum'].lower()}")
    return (ledger(env), row_id(words["claim"])) if ledger(env) else None


def ledger(env):
    return getattr(env, "book_ledger", None)


def name_rows(env, doctree, docname):
    """Let each exercise, figure and section that the inventory names say which rows it answers."""
    places, found = env.get_domain("std").anonlabels, {}
    for one in listed(env):
        for label in one.answered_by:
            page, anchor = places.get(label, ("", ""))
            if page == docname:
                found.setdefault(anchor, []).append(one.id)
    for node in list(doctree.findall(nodes.Element)) if found else []:
        for anchor in node["ids"]:
            if anchor in found:
                say(node, row_names.of(found[anchor]))


def say(node, rows):
    """Put the rows where they fit what answers them: behind a card's facts, behind a caption, under a title."""
    parts = [one for one in node.children if isinstance(one, nodes.caption) or "exercise-facts" in one["classes"]]
    if parts:
        before, after = (" · answers ", "") if isinstance(node, nodes.section) else (" Answers ", ".")
        parts[0] += nodes.inline("", before, rows, nodes.Text(f" of the sources{after}"), classes=["answers-rows"])
    elif isinstance(node, nodes.section):
        node.insert(1, nodes.paragraph("", "Answers ", rows, nodes.Text(" of the sources."), classes=["answers-rows"]))


def of_chapter(app, docname):
    """The line at the end of a chapter: how much of the ledger, the errata and the sources is of it."""
    if not (called := chapter(docname)):
        return []
    parts = [part for find in (in_ledger, in_errata, in_sources) for part in find(app, docname)]
    told = [piece for part in parts for piece in (nodes.Text(" · "), *part)][1:]
    return [nodes.paragraph("", f"Of this {called[0]}: ", *told, classes=["of-this-chapter"])] if parts else []


def in_ledger(app, docname):
    own = [one for one in claims(app.env).get(docname, []) if one["kind"] != "definition"]
    if own and ledger(app.env):
        words = f"{count(len(own), 'claim')} in the ledger"
        yield (link(app, docname, ledger(app.env), part_id("ledger", docname), words),)


def in_errata(app, docname):
    found, places = [], app.env.get_domain("std").anonlabels
    own = [(docname, payload) for payload in claims(app.env).get(docname, [])]
    for kind in KINDS:
        number, (page, anchor) = len(list(mistakes(own, kind))), places.get(f"errata-{kind}", ("", ""))
        if number and page:
            found += [nodes.Text(", "), link(app, docname, page, part_id(anchor, docname), f"{number} {WORDS[kind]}")]
    if found:
        yield nodes.Text("errata: "), *found[1:]


def in_sources(app, docname):
    kind, number = chapter(docname)
    own = [one for one in listed(app.env) if kind == "chapter" and one.chapter == int(number)]
    place = app.env.get_domain("std").anonlabels.get(chapter_id(number))
    if own and place:
        yield (link(app, docname, *place, f"{count(len(own), 'statement')} of the sources"),)


def updated(app, env):
    """Write every page anew when a label, a chapter, the ledger's place or a row of the inventory came, went or moved:
    links to it stand on any page, and a link to none must be found. What a page tells of them is resolved when it is
    written, not when it is read."""
    standard = env.get_domain("std")
    rows = [(one.id, one.chapter, one.answered_by) for one in listed(env)]
    places = standard.anonlabels | standard.labels, chapter_pages(env), ledger(env), rows
    changed = getattr(env, "book_places_written", None) != places
    env.book_places_written = places
    return sorted(env.found_docs) if changed else []


def setup(app):
    app.connect("env-updated", updated)
    app.connect("doctree-resolved", fill, priority=600)  # when the lists are filled, and before formulas are typeset
