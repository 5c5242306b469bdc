// What the frame does beyond what HTML does by itself. Loaded with `defer`: the page is read and painted first.
"use strict";

const root = document.documentElement;

// Light and dark. Who chooses what the system has follows the system from then on.
const systemTheme = () => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
const remember = (theme) => {
  try {
    if (theme === systemTheme()) localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme);
  } catch { /* storage is blocked: the choice holds for this page */ }
};
const themeSwitch = document.getElementById("switch-theme");
themeSwitch.hidden = false;
themeSwitch.addEventListener("click", () => {
  root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
  remember(root.dataset.theme);
});

// "/" or Ctrl+K goes to the search.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  const asked = (event.key === "/" && !typing) || (event.key === "k" && (event.ctrlKey || event.metaKey));
  const field = document.querySelector(".frame-search input");
  if (!asked || !field.checkVisibility()) return;
  event.preventDefault();
  field.focus();
});

// On a phone the contents cover the page: a link to a section of this page closes them.
const contents = document.getElementById("contents");
contents.addEventListener("click", (event) => {
  if (event.target.closest("a") && contents.matches(":popover-open")) contents.hidePopover();
});

// Code gets its copy button, and whatever scrolls a place in the tab order, when it comes near the window:
// to measure all of a chapter at once would lay out every section of it.
const copyButton = (pre) => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy-code";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(pre.textContent.trimEnd());
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not allowed";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  return button;
};
const reached = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    reached.unobserve(target);
    if (target.matches(".highlight > pre") && !target.closest(".cell_output")) target.after(copyButton(target));
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
  }
}, { rootMargin: "600px" });
const mayScroll = "article :is(pre, div.math, .claim-formula, .claim-false, .erratum-right, .pst-scrollable-table-container)";
document.querySelectorAll(mayScroll).forEach((node) => reached.observe(node));

// Paper: dark text on white; hints, solutions and evidence are open, since nobody can unfold them there.
let before = null;
addEventListener("beforeprint", () => {
  const closed = [...document.querySelectorAll("article details:not([open], .hide, .machinery, .claim-source)")];
  before = { theme: root.dataset.theme, closed };
  root.dataset.theme = "light";
  closed.forEach((fold) => { fold.open = true; });
});
addEventListener("afterprint", () => {
  if (!before) return;
  root.dataset.theme = before.theme;
  before.closed.forEach((fold) => { fold.open = false; });
  before = null;
});

// Whoever comes from the search sees what was found: Sphinx's own scripts mark it, and are loaded only then.
const load = (name) => new Promise((done, failed) => {
  const script = document.createElement("script");
  script.src = `${root.dataset.content_root}_static/${name}.js`;
  script.onload = done;
  script.onerror = failed;
  document.head.append(script);
});
const showFound = async () => {
  for (const name of ["documentation_options", "doctools", "sphinx_highlight"]) await load(name);
  setTimeout(() => {
    const section = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const found = (section ?? document).querySelector(".highlighted");
    for (let fold = found?.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    found?.scrollIntoView({ block: "center" });
  }, 50); // Sphinx waits for 10 ms before it marks
};
try {
  const searching = document.getElementById("search-results");
  if (localStorage.getItem("sphinx_highlight_terms") && !searching) showFound();
} catch { /* storage is blocked: nothing was searched */ }
