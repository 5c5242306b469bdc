"""The claims of all pages: collected while pages are read, linked to, listed and counted.

Sphinx reads only the pages that changed, and may read in several processes. So the claims are kept by page in
the environment, forgotten with their page (`env-purge-doc`), joined (`env-merge-info`), and once all pages are
read (`env-updated`) the pages that list or count claims are written anew if any claim changed.

A claim in the solution of an exercise is listed as that: its title and its formula are for those who unfold it.
"""

from collections import Counter

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

from book_extension.boxes import claim_box, count, row_names
from book_extension.refusals import above
from rnnlib.claims.html import MARKS
from rnnlib.claims.seal import claims_in


class ledger_table(nodes.General, nodes.Element):
    """Stands for the ledger until all claims are known."""


class claim_counts(nodes.General, nodes.Element):
    """Stands for the count of claims until all claims are known."""


class in_ledger(nodes.General, nodes.Element):
    """Stands for links to rows of the ledger, by the ids of their claims, until its page is known."""


class Placeholder(SphinxDirective):
    """A directive without arguments that marks where claims will be listed or counted."""

    node = None

    def run(self):
        listing_pages(self.env).add(self.env.docname)
        return [self.node()]


class LedgerDirective(Placeholder):
    node = ledger_table

    def run(self):
        self.env.book_ledger = self.env.docname
        return super().run()


class ClaimCountDirective(Placeholder):
    node = claim_counts


def claims(env):
    """The payloads of the claims by page: `{docname: [payload, ...]}`."""
    if not hasattr(env, "book_claims"):
        env.book_claims = {}
    return env.book_claims


def listing_pages(env):
    """The pages that list or count claims."""
    if not hasattr(env, "book_listing_pages"):
        env.book_listing_pages = set()
    return env.book_listing_pages


def collect(app, doctree):
    """Keep the claims of the page just read, and make each a label that `{ref}` and links find."""
    env = app.env
    found = [stored(box, payload) for box in doctree.findall(claim_box) for payload in claims_in(box["payload"])]
    if not found:
        return
    claims(env)[env.docname] = found
    standard = env.get_domain("std")
    for payload in found:
        label = payload["id"].lower()
        standard.anonlabels[label] = env.docname, payload["id"]
        standard.labels[label] = env.docname, payload["id"], plain_title(payload)


def stored(box, payload):
    """The payload of a claim in a box; in a solution with `solves`, the label and the number of the exercise."""
    solution = above(box, lambda node: "exercise" in node)
    return {**payload, "solves": solution["exercise"]} if solution else payload


def anchor(payload):
    """Where a list of claims leads to: the box; the exercise, where the box is its solution."""
    return payload["solves"][0] if "solves" in payload else payload["id"]


def plain_title(payload):
    """What a link without a text of its own says: the title without its markup, which may tell what a claim says."""
    if "solves" in payload:
        return f"solution of exercise {payload['solves'][1]}"
    return (payload.get("title") or payload["id"]).replace("$", "").replace("`", "")


def purge(app, env, docname):
    claims(env).pop(docname, None)
    listing_pages(env).discard(docname)
    if getattr(env, "book_ledger", None) == docname:
        env.book_ledger = None


def merge(app, env, docnames, other):
    for docname in docnames:
        if docname in claims(other):
            claims(env)[docname] = claims(other)[docname]
    listing_pages(env).update(listing_pages(other) & set(docnames))
    if getattr(other, "book_ledger", None) in docnames:
        env.book_ledger = other.book_ledger


def updated(app, env):
    """Refuse an id used twice; name the pages to write anew because a claim changed."""
    place = {}
    for docname in sorted(claims(env)):
        for payload in claims(env)[docname]:
            if payload["id"] in place:
                raise ExtensionError(
                    f"the claim id {payload['id']!r} is used twice: on page {place[payload['id']]} "
                    f"and on page {docname}; rename one"
                )
            place[payload["id"]] = docname
    changed = getattr(env, "book_claims_written", None) != claims(env)
    env.book_claims_written = {docname: list(found) for docname, found in claims(env).items()}
    return sorted(listing_pages(env)) if changed else []


def fill(app, doctree, docname):
    """Replace the placeholders of a page by what is known now."""
    found = [
        (page, payload)
        for page in sorted(claims(app.env))
        for payload in claims(app.env)[page]
        if payload["kind"] != "definition"
    ]
    for node in list(doctree.findall(ledger_table)):
        node.replace_self(table(app, docname, found) if found else nodes.paragraph("", "No claims yet."))
    for node in list(doctree.findall(claim_counts)):
        node.replace_self(counts([payload for _, payload in found]))
    ledger = getattr(app.env, "book_ledger", None)
    for node in list(doctree.findall(in_ledger)):
        rows = [link(app, docname, ledger, row_id(id), id) for id in node["claims"]] if ledger else []
        told = [part for row in rows for part in (nodes.Text(", "), row)][1:]
        node.replace_self([nodes.paragraph("", "In the ledger: ", *told, classes=["in-ledger"])] if rows else [])


def table(app, docname, found):
    """The ledger: a row for each claim, under the title of its page."""
    heads = ("Claim", "Evidence", "Refuted", "Answers")
    group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in (40, 30, 15, 15)), cols=len(heads))
    group += nodes.thead("", row(*(nodes.paragraph("", head) for head in heads)))
    body = nodes.tbody()
    page = None
    for where, payload in found:
        if where != page:
            page = where
            title = nodes.paragraph("", "", link(app, docname, where, "", app.env.titles[where].astext()))
            head = nodes.entry("", title, morecols=len(heads) - 1)
            body += nodes.row("", head, ids=[part_id("ledger", where)], classes=["ledger-page"])
        name = nodes.paragraph("", "", link(app, docname, where, anchor(payload), plain_title(payload)))
        if payload.get("title"):
            name += [nodes.Text(" "), nodes.literal("", payload["id"])]
        evidence = nodes.paragraph("", f"{MARKS.get(payload['level'], '✗')} {payload['evidence']}")
        refuted = ", ".join(
            filter(
                None,
                (
                    count(sum(m["refuted"] for m in payload["mistakes"]), "mistake"),
                    count(payload["mutants_refuted"], "mutant"),
                ),
            )
        )
        body += row(
            name, evidence, nodes.paragraph("", refuted), nodes.paragraph("", "", row_names.of(payload["answers"]))
        )
        body[-1]["ids"] = [row_id(payload["id"])]
    group += body
    return nodes.table("", group, classes=["ledger"])


def row_id(id):
    return f"ledger-{id}"


def part_id(name, page):
    """The id of that part of a list which is about one page."""
    return f"{name}-{nodes.make_id(page)}"


def row(*cells):
    return nodes.row("", *(nodes.entry("", cell) for cell in cells))


def link(app, docname, page, anchor, text):
    return make_refnode(app.builder, docname, page, anchor, nodes.Text(text))


def counts(found):
    """The count of claims by evidence, as the front page shows it."""
    box = nodes.container(classes=["claim-counts"])
    levels = Counter(payload["level"] for payload in found)
    figures = [
        (len(found), "claims checked when this page was built"),
        (levels["proved"] + levels["exact"], "proved by computer algebra"),
        (levels["given"], "proved, given the chain rule or induction"),
        (levels["computed"], "numbers computed and compared"),
        (levels["tested"], "tested at random points"),
        (sum(mistake["refuted"] for payload in found for mistake in payload["mistakes"]), "named mistakes refuted"),
        (sum(payload["mutants_refuted"] for payload in found), "mutants refuted"),
    ]
    for number, text in figures:
        box += nodes.paragraph("", "", nodes.strong("", str(number)), nodes.Text(f" {text}"))
    return box


def setup(app):
    app.add_node(ledger_table)
    app.add_node(claim_counts)
    app.add_node(in_ledger)
    app.add_directive("ledger", LedgerDirective)
    app.add_directive("claim-count", ClaimCountDirective)
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.connect("env-updated", updated)
    app.connect("doctree-resolved", fill)
