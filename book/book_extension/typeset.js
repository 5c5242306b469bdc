// Reads formulas from standard input as JSON, [[TeX, whether displayed], ...]; writes what KaTeX makes of each:
// {html} with its MathML, or {error}. The argument is the folder of the package.
const katex = require(process.argv[2]);

function typeset([tex, displayMode]) {
  try {
    return { html: katex.renderToString(tex, { displayMode, strict: "error" }) };
  } catch (error) {
    return { error: error.message };
  }
}

const formulas = JSON.parse(require("fs").readFileSync(0, "utf-8"));
process.stdout.write(JSON.stringify(formulas.map(typeset)));
