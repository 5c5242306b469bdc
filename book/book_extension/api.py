"""The pages about the package: what autodoc takes from it, with every name in a docstring looked up first.

A name in single backticks, or with a capital in the type of a parameter, is looked up in Python, as the docstring's
own module sees it. What has an entry becomes a link to it; a parameter, or another thing that exists, becomes code. A
name of nothing is a warning, and so the book doesn't build. What is no name belongs in double backticks.
"""

import builtins
import inspect
import pkgutil
import re
import sys
from functools import cache
from textwrap import indent

from sphinx.pycode import ModuleAnalyzer
from sphinx.util import logging

import rnnlib

ROOMS = tuple(f"rnnlib.{room}" for room in rnnlib.ROOMS)
TICKED = re.compile(r"``.+?``|:[\w:]+:`[^`]+`|`([^`]+)`")  # the first two are no business of ours
TYPED_SECTIONS = ("Parameters", "Attributes", "Returns", "Yields")
NAMES = re.compile(r"\*{0,2}\w+(, \*{0,2}\w+)*|-+")
UNDERLINE = re.compile(r"-{3,}")
QUOTED = re.compile(r'"[^"]+"')
CAPITALISED = re.compile(r"(?<![\w\"'.`])(?:\w+\.)*[A-Z]\w*")
CAMEL = re.compile(r"[A-Z]\w*[a-z]\w*")
logger = logging.getLogger(__name__)


def entries():
    """What has an entry: for each public name of the rooms the name under which it is found there."""
    return {name: f"{room}.{name}" for room in ROOMS for name in pkgutil.resolve_name(room).__all__}


class Scope:
    """What the names in one docstring can mean.

    Parameters
    ----------
    what : str
        The kind of the object, as autodoc calls it.
    name : str
        Its full name.
    """

    def __init__(self, what, name, obj):
        self.name, self.entries = name, entries()
        in_class = what in ("method", "attribute", "property")
        self.owner = pkgutil.resolve_name(name.rpartition(".")[0]) if in_class else obj
        home = getattr(inspect.unwrap(self.owner), "__module__", None) if callable(self.owner) else None
        self.module = sys.modules[home] if home else obj if what == "module" else None
        self.parameters = _parameters(obj) | _parameters(self.owner)

    def meaning(self, text):
        """The entry that a name means; empty for what exists without one; None for a name of nothing."""
        if text in self.parameters or hasattr(builtins, text):
            return ""
        if text in ROOMS or text in self.entries.values():
            return text
        if inspect.isclass(self.owner) and (found := self._member(self.owner, text)) is not None:
            return found
        head, _, rest = text.partition(".")
        if head in self.entries:
            public = pkgutil.resolve_name(self.entries[head])
            if getattr(self.module, head, public) is public:
                return self._member(public, rest) if rest else self.entries[head]
        return "" if _exists(text, self.module) else None

    def _member(self, owner, name):
        for base in inspect.getmro(owner) if inspect.isclass(owner) else ():
            full = self.entries.get(base.__name__)
            if name in vars(base):
                found = vars(base)[name]
                told = found.__doc__ and (inspect.isroutine(found) or isinstance(found, property))
                return f"{full}.{name}" if full and told and not name.startswith("_") else ""
            if name in _own_attributes(base):
                return ""
        return None

    def linked(self, text):
        """A docstring's line with the names in backticks as links or as code."""
        return TICKED.sub(lambda match: self._drawn(match[1], f"``{match[1]}``") if match[1] else match[0], text)

    def linked_type(self, text):
        """A type with the names of the package as links, texts as code, and all other words as they are."""
        return CAPITALISED.sub(lambda match: self._drawn(match[0], match[0]), QUOTED.sub(r"``\g<0>``", text))

    def _drawn(self, text, plain):
        meaning = self.meaning(text)
        if meaning is None and (plain != text or CAMEL.fullmatch(text)):  # a single capital in a type is a size
            logger.warning("the docstring of %s names %r, which is nothing that it can see", self.name, text)
        return f":py:obj:`{text} <{meaning}>`" if meaning else plain


def _ours(cls):
    return any(f"{cls.__module__}.".startswith(room.partition(".")[0] + ".") for room in ROOMS)


@cache
def _own_attributes(cls):
    """What the methods of one of our classes call `self` dot something."""
    return set(re.findall(r"\bself\.(\w+)", inspect.getsource(cls))) if _ours(cls) else set()


def _parameters(obj):
    try:
        return set(inspect.signature(obj).parameters)
    except (TypeError, ValueError):
        return set()


def _exists(text, module):
    """Whether a dotted name leads somewhere, from the module or from anywhere."""
    head, _, rest = text.partition(".")
    found = getattr(module, head, None)
    try:
        for part in rest.split(".") if rest and found is not None else ():
            found = getattr(found, part)
        if found is None and rest:
            found = pkgutil.resolve_name(text)
    except (AttributeError, ImportError, ValueError):
        return False
    return found is not None


def link_names(app, what, name, obj, options, lines):
    """Prepare a docstring for napoleon: look up its names, and say what no docstring says."""
    scope, section, read = Scope(what, name, obj), "", []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if UNDERLINE.fullmatch(following):
            section = line
        names, colon, kind = line.partition(" : ")
        unnamed = section in ("Returns", "Yields") and line != section
        if section in TYPED_SECTIONS and line[:1].strip() and (colon or unnamed):
            read.append(names + colon + scope.linked_type(kind) if colon else scope.linked_type(line))
        elif section == "Parameters" and line[:1].strip() and not NAMES.fullmatch(line) and line != section:
            logger.warning("the docstring of %s has %r among the parameters, which names none", name, line)
        else:
            read.append(scope.linked(line))
    lines[:] = read
    if what in ("class", "exception"):
        _tell_bases(scope, obj, lines)
    if what == "module":
        lines += _contents(name, obj, app.env.note_dependency)


def _tell_bases(scope, cls, lines):
    """After the first paragraph: of which classes this one is a kind, unless they are the package's own business."""
    names = []
    for base in cls.__bases__:
        own, module = base.__name__ in scope.entries, base.__module__
        if own or not (_ours(base) or base in (object, tuple)):
            names.append(base.__name__ if own or module == "builtins" else f"{module}.{base.__name__}")
    if names:
        end = lines.index("") if "" in lines else len(lines)
        lines[end:end] = ["", scope.linked("A kind of " + " and ".join(f"`{name}`" for name in names) + ".")]


def _contents(room, module, note_dependency):
    """What a room has: each name with the first line about it; and what autodoc would not find, such as constants."""
    lines, more = [""], [""]
    for name in getattr(module, "__all__", ()):
        full, thing = f"{room}.{name}", getattr(module, name)
        said = Scope("", full, thing).linked(words(room, name).partition("\n")[0])
        lines.append(f"- :py:obj:`{name} <{full}>`: {said}")
        if inspect.ismodule(thing):  # such as `plain`, to be read itself
            note_dependency(thing.__file__)
            code = indent(inspect.getsource(thing), "   ").splitlines()
            more += [f".. rubric:: {full}", "", f".. py:module:: {full}", "", ".. code-block:: python", "", *code, ""]
        elif not callable(thing):
            more += [f".. py:data:: {name}", f"   :value: {thing!r}", "", f"   {said}", ""]
    return [*lines, *more]


def words(room, name):
    """The docstring of something public; of a constant, the comment ``#:`` above it, in whichever module it stands."""
    obj = pkgutil.resolve_name(f"{room}.{name}")
    if callable(obj) or inspect.ismodule(obj):
        return inspect.getdoc(obj) or ""
    for home in sorted(module for module in sys.modules if f"{module}.".startswith(f"{room}.")):
        comments = ModuleAnalyzer.for_module(home).find_attr_docs()
        if ("", name) in comments:
            return " ".join(comments["", name]).strip()
    return ""


def choose(app, what, name, obj, skip, options):
    """Leave out what stands elsewhere: constants, and the fields of a named tuple, which are its parameters."""
    field = (getattr(obj, "__doc__", None) or "").startswith("Alias for field number")
    return True if field or (what == "module" and not callable(obj)) else None


def setup(app):
    app.setup_extension("sphinx.ext.autodoc")
    app.setup_extension("sphinx.ext.napoleon")
    app.connect("autodoc-process-docstring", link_names, priority=400)  # before napoleon, at 500, reads the sections
    app.connect("autodoc-skip-member", choose)
