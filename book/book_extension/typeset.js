// Reads formulas from standard input as JSON, [[TeX, whether displayed], ...]; writes what KaTeX makes of each:
// {html} with its MathML, or {error}. The argument is the folder of the package.
const katex = require(process.argv[2]);

// Called for links, images and HTML in a formula, of which KaTeX would else print the command's name in red.
function trust({ command }) {
  throw new Error(`${command} is nothing for a formula of this book`);
}

function typeset([tex, displayMode]) {
  try {
    return { html: katex.renderToString(tex, { displayMode, strict: "error", trust }) };
  } catch (error) {
    return { error: error.message.toWellFormed() }; // it underlines signs, and tears those outside the first 65,536
  }
}

const formulas = JSON.parse(require("fs").readFileSync(0, "utf-8"));
process.stdout.write(JSON.stringify(formulas.map(typeset)));
