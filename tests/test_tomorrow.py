"""Tomorrow: workflows name what exists, links are followed, and there is a way without Jupyter Book."""

import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
from functools import partial
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from samples import code, text, write_book, write_file
from sphinx_external_toc.parsing import parse_toc_yaml

from book_builder import execution
from book_builder.__main__ import main
from book_builder.execution import ROOT
from book_extension.links import look_up_doi

WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / ".github" / "workflows").glob("*.yml")}
TARGETS = set(re.findall(r"^\.PHONY: (.*)", (ROOT / "Makefile").read_text(), re.MULTILINE)[0].split())
ON = True  # how YAML 1.1 reads the key `on`


def steps(workflow):
    return [step for job in WORKFLOWS[workflow]["jobs"].values() for step in job["steps"]]


def commands(workflow):
    return [step["run"] for step in steps(workflow) if "run" in step]


def pythons(workflow):
    """The versions of Python that a workflow names, as numbers."""
    versions = set()
    for job in WORKFLOWS[workflow]["jobs"].values():
        [named] = [step["with"]["python-version"] for step in job["steps"] if "setup-python" in step.get("uses", "")]
        versions |= set(job["strategy"]["matrix"]["python"] if named == "${{ matrix.python }}" else [named])
    return {minor(version) for version in versions}


def minor(version):
    assert re.fullmatch(r"3\.\d+", version), f"{version!r} is no version such as '3.11', in quotes"
    return int(version.removeprefix("3."))


def named_pythons():
    """The versions of Python that pyproject.toml names in its classifiers, as numbers."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [minor(name.rpartition(" ")[2]) for name in project["classifiers"] if " :: Python :: 3." in name]


def test_pyproject_names_every_python_from_the_oldest_on():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    oldest = minor(project["requires-python"].removeprefix(">="))
    assert named_pythons() == list(range(oldest, oldest + len(named_pythons())))
    assert len(named_pythons()) > 1


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_workflow_calls_what_exists_and_may_write_nothing(workflow):
    assert WORKFLOWS[workflow]["permissions"] == {"contents": "read"}
    assert not [job for job in WORKFLOWS[workflow]["jobs"].values() if "permissions" in job]
    for step in steps(workflow):
        assert ("run" in step) != ("uses" in step)
        if "uses" in step:
            assert re.fullmatch(r"actions/(checkout|setup-python)@v\d+", step["uses"])
            assert list(ROOT.glob(step.get("with", {}).get("cache-dependency-path", "requirements.txt")))
    for command in commands(workflow):
        program, *arguments = command.split()
        if program == "make":
            assert set(arguments) <= TARGETS, f"{workflow}: no such target: {command}"
        elif program != "git":
            assert os.access(ROOT / program, os.X_OK), f"{workflow}: no such script: {command}"


def test_every_change_is_tried_on_the_oldest_and_the_newest_python():
    assert set(WORKFLOWS["ci"][ON]) == {"push", "pull_request"}
    assert commands("ci") == [".ci/run"]
    assert pythons("ci") == {named_pythons()[0], named_pythons()[-1]}


def test_what_comes_is_tried_every_week():
    assert len(WORKFLOWS["tomorrow"][ON]["schedule"]) == 1
    assert {"make lock", ".ci/run", "make links"} <= set(commands("tomorrow"))
    newest = named_pythons()[-1]
    assert pythons("tomorrow") in ({newest}, {newest, newest + 1}), "the newest Python, and the one that comes next"


def test_dependabot_asks_once_a_week_for_all():
    settings = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())
    assert settings["version"] == 2
    assert [update["package-ecosystem"] for update in settings["updates"]] == ["pip", "npm", "github-actions"]
    for update in settings["updates"]:
        lock = {"npm": "book/package-lock.json"}.get(update["package-ecosystem"], "requirements.txt")
        assert (ROOT / update["directory"].strip("/") / Path(lock).name).is_file()
        assert update["schedule"] == {"interval": "weekly"}
        assert [group["patterns"] for group in update["groups"].values()] == [["*"]]


@pytest.fixture
def server(tmp_path):
    """Address of a server that has one page, `there.html`."""
    write_file(tmp_path / "served" / "there.html", "<p>here</p>")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / "served"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def links(monkeypatch, broken):
    """What `python -m book_builder links` returns where `broken` finds the links that could not be followed."""
    monkeypatch.setattr(execution, "broken_links", broken)
    return main(["links"])


def test_a_link_that_can_not_be_followed_is_named(tmp_path, server, monkeypatch, capsys):
    book = tmp_path / "book"
    book.mkdir()
    words = f"# One\n\n[fine]({server}/there.html), [dead]({server}/gone.html)"
    write_book(book, one=[text("title", words), code("cell", "1 + 1")])
    assert links(monkeypatch, partial(execution.broken_links, book)) == 1
    named = [line for line in capsys.readouterr().err.splitlines() if server in line]
    assert len(named) == 1
    assert named[0].startswith(f"notebooks/one.ipynb: {server}/gone.html could not be followed: 404")


def test_all_links_were_followed(monkeypatch, capsys):
    assert links(monkeypatch, list) == 0
    assert capsys.readouterr().out == "every link was followed\n"


def test_a_build_that_failed_for_another_reason_is_no_pass(tmp_path, monkeypatch):
    monkeypatch.setattr(execution, "execute", lambda root: None)
    monkeypatch.setattr(subprocess, "run", lambda *arguments, **options: subprocess.CompletedProcess([], 1))
    with pytest.raises(execution.NotebookError, match="did not build"):
        execution.broken_links(tmp_path)


def test_a_doi_is_looked_up_in_the_registry():
    assert look_up_doi(None, "https://doi.org/10.1038/323533a0") == "https://doi.org/api/handles/10.1038/323533a0"
    assert look_up_doi(None, "https://example.org/?from=https://doi.org/") is None


def article(page):
    """What a page says, with its markup; the frame around it (head, sidebar, footer) is the theme's."""
    return str(BeautifulSoup(page.read_text("utf-8"), "html.parser").find("article"))


def run(root, *command):
    environment = os.environ | {"PYTHONPATH": f"{root}{os.pathsep}{root / 'book'}"}
    done = subprocess.run([sys.executable, *command], cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_plain_sphinx_builds_the_same_book(tmp_path):
    """CONTRIBUTING's way without Jupyter Book, with an interpreter that can't import it: the same pages, word for word.

    The heads of the pages may differ (Jupyter Book's own sphinx-build adds checksums to addresses of style sheets).
    """
    root = tmp_path / "copy"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns("_build", "__pycache__", ".*"))
    for built in ("executed", "npm"):
        shutil.copytree(ROOT / "_build" / built, root / "_build" / built)
    run(root, "-c", "from jupyter_book.cli.main import main; main(['config', 'sphinx', '.'])")
    settings = root / "conf.py"
    written = settings.read_text()
    assert "'jupyter_book', " in written
    forbid = "\nimport sys\nsys.modules['jupyter_book'] = None  # to import it is an error\n"
    settings.write_text(written.replace("'jupyter_book', ", "") + forbid)
    run(root, "-m", "sphinx", "-W", "-n", "--keep-going", ".", "_build/sphinx")
    ours, plain = ROOT / "_build" / "html", root / "_build" / "sphinx"
    pages = [f"{page.removesuffix('.md').removesuffix('.ipynb')}.html" for page in parse_toc_yaml(ROOT / "_toc.yml")]
    assert {path.relative_to(plain) for path in plain.rglob("*.html")} == {
        path.relative_to(ours) for path in ours.rglob("*.html")
    }
    assert [page for page in pages if len(article(plain / page)) > 1000] == pages
    assert [page for page in pages if article(ours / page) != article(plain / page)] == []
