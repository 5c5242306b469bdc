// What the search shows of a page that it found: the sections with the words, each as a link with an excerpt.
// Sphinx's own excerpt is one for the whole page, and has each formula three times: as glyphs, as MathML and as TeX.
"use strict";

const MOST_SECTIONS = 3;
const LONGEST = 200; // characters
const UNREAD = ".headerlink, .katex-html, annotation, .machinery, details.hide, section.exercise details"; // nor an answer
const SIGNS = { mfrac: "/", msub: "_", munder: "_", msup: "^", mover: "^", msubsup: "_^", munderover: "_^" };

// The text of an element, with each formula once, in a line.
const lineOf = (element) => element.textContent.replace(/\s+/g, " ").trim();

const readable = (html) => {
  const page = new DOMParser().parseFromString(html, "text/html");
  page.querySelectorAll(UNREAD).forEach((node) => node.remove());
  page.querySelectorAll(Object.keys(SIGNS).join()).forEach((node) => {
    [...node.children].slice(0, -1).forEach((part, number) => part.after(SIGNS[node.localName][number]));
  });
  return page.querySelector("article");
};

// Where the first of the words stands; the beginning, where none does.
const placeOf = (words, text) => {
  const places = words.map((word) => text.search(word)).filter((place) => place >= 0);
  return places.length ? Math.min(...places) : 0;
};

const excerpt = (text, at) => {
  const from = at < 80 ? 0 : text.indexOf(" ", at - 80) + 1;
  const to = from + LONGEST < text.length ? text.lastIndexOf(" ", from + LONGEST) : text.length;
  const shown = document.createElement("p");
  shown.className = "context";
  shown.textContent = (from ? "… " : "") + text.slice(from, to) + (to < text.length ? " …" : "");
  return shown;
};

// Every section with what it says outside the sections in it, and how many of the words it has.
const sectionsWith = (article, words) => {
  const found = [];
  for (const section of [...article.querySelectorAll("section[id]")].reverse()) { // the inner before the outer
    section.remove();
    const head = section.querySelector("h1, h2, h3, h4");
    head?.remove();
    const [title, text] = [lineOf(head ?? section), lineOf(section)];
    const count = words.filter((word) => word.test(title) || word.test(text)).length;
    if (count) found.unshift({ id: section.id, title, text, at: placeOf(words, text), count });
  }
  const most = Math.max(...found.map((one) => one.count));
  return found.filter((one) => one.count === most);
};

Search.makeSearchSummary = (html, terms, anchor) => {
  const shown = document.createElement("div");
  const article = readable(html);
  // Words begin with the terms, which Sphinx has cut to their stems: `exp` finds no `regexp`.
  const words = [...terms].map((term) => new RegExp(`(?<![\\p{L}\\p{N}])${_escapeRegExp(term)}`, "iu"));
  const section = anchor && article?.querySelector(`#${CSS.escape(anchor.slice(1))}`);
  if (section) {
    section.querySelector("h1, h2, h3, h4")?.remove();
    const text = lineOf(section);
    shown.append(excerpt(text, placeOf(words, text)));
  } else if (article) {
    const found = sectionsWith(article, words);
    for (const one of found.slice(0, MOST_SECTIONS)) {
      const link = document.createElement("a");
      link.textContent = one.title;
      link.href = `#${encodeURIComponent(one.id)}`;
      shown.append(link, excerpt(one.text, one.at));
    }
    queueMicrotask(() => { // by then Sphinx has put it into the result, whose link says on which page it is
      const page = shown.parentElement.querySelector("a").href;
      shown.querySelectorAll("a").forEach((link) => { link.href = page + link.getAttribute("href"); });
    });
  }
  return shown;
};

// The page that a result leads to marks the words and forgets them: remember them for each result that is followed.
document.getElementById("search-results").addEventListener("click", () => {
  const query = new URLSearchParams(location.search).get("q") ?? "";
  try { Search._parseQuery(query); } catch { /* storage is blocked: nothing will be marked */ }
});
