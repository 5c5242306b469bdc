"""Literature: a link such as `[Werbos (1990)](#cite-werbos1990backpropagation)` leads to its entry in the bibliography.

Its words are compared with the entry: `Werbos (1990)`, in brackets `Werbos, 1990`; two names with `and`, more by the
first and `et al.` The page with `{bibliography}` lists what links of this form cite.
"""

import re

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.nodes import make_refnode
from sphinxcontrib.bibtex.citation_target import CitationTarget
from sphinxcontrib.bibtex.roles import CitationRef

from book_extension.refusals import cell_of

LOGGER = logging.getLogger(__name__)
LINK = re.compile(r"#cite-(?P<key>\S+)")


class citation_link(nodes.inline):
    """A link to the entry `key` of the bibliography, until all pages are read."""


class Cite(SphinxTransform):
    """Compare each link to literature with its entry, before links to labels are resolved (879)."""

    default_priority = 440

    def apply(self, **kwargs):
        domain = self.env.domains.get("cite")
        for node in list(self.document.findall(nodes.reference)):
            if not (match := LINK.fullmatch(node.get("refuri", ""))):
                continue
            key, place = match["key"], cell_of(self.env, self.env.docname, line_of(node))
            entries = domain.bibdata.data.entries if domain else {}
            entry = entries[key] if key in list(entries) else None  # itself it takes `One1990` for `one1990`
            if entry is None:
                self.warn(node, f"literature that the bibliography does not have{place}: no entry {key!r}")
            elif (words := node.astext()) not in (fitting := forms(entry)):
                told = f"the link{place} says {words!r}, its entry in the bibliography: type {' or '.join(fitting)}"
                self.warn(node, told)
            if domain:
                reference = CitationRef(f"cite-{key}", self.env.docname, node.line or 0, [CitationTarget(key, "", "")])
                domain.citation_refs.append(reference)
                for path in domain.bibdata.bibfiles:  # other names or another year there: read this page again
                    self.env.note_dependency(str(path))
            node.replace_self(citation_link("", "", *node.children, key=key))

    def warn(self, node, told):
        LOGGER.warning("%s", told, location=(self.env.docname, None), type="book", subtype="literature")


def forms(entry):
    """The two ways to name an entry: in a sentence, and in brackets."""
    people = [
        " ".join(map(str, one.rich_prelast_names + one.rich_last_names))
        for one in entry.persons.get("author") or entry.persons["editor"]
    ]
    names = " and ".join(people) if len(people) < 3 else f"{people[0]} et al."
    return f"{names} ({entry.fields['year']})", f"{names}, {entry.fields['year']}"


def line_of(node):
    while node is not None and not node.line:
        node = node.parent
    return node and node.line


class LinkToBibliography(SphinxPostTransform):
    """Make the links, now that the entries have their places."""

    default_priority = 7

    def run(self, **kwargs):
        domain = self.env.domains.get("cite")
        places = (
            {one.key: (one.bibliography_key.docname, one.citation_id) for one in domain.citations} if domain else {}
        )
        for node in list(self.document.findall(citation_link)):
            if node["key"] in places:
                page, anchor = places[node["key"]]
                link = make_refnode(self.app.builder, self.env.docname, page, anchor, node.children)
                node.replace_self(link)
            else:
                node.replace_self(node.children)


def setup(app):
    app.add_node(citation_link)
    app.add_transform(Cite)
    app.add_post_transform(LinkToBibliography)
