"""The documentation: its code runs, its pictures are there, its commands exist."""

import csv
import doctest
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.rst"), *(DOCS / "user_guide").glob("*.rst")])
PAGES = {page.relative_to(DOCS).as_posix(): page for page in PAGES}
README = ROOT / "README.md"
SVG = "{http://www.w3.org/2000/svg}"
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def run(text, name):
    """Run the examples of a page, and return how many there are and what went wrong."""
    parser = doctest.DocTestParser()
    test = parser.get_doctest(text, {"__name__": "__main__"}, name, name, 0)
    report = []
    result = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=report.append)
    return result.attempted, "".join(report)


@pytest.mark.parametrize("name", PAGES)
def test_every_example_of_a_page_gives_what_stands_below_it(
    name, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)  # pages write files
    _, report = run(PAGES[name].read_text(), name)
    assert not report, report


def test_a_wrong_answer_is_reported():
    attempted, report = run("Text.\n\n>>> 1 + 1\n3\n", "page.rst")
    assert attempted == 1
    assert "Expected:\n    3\nGot:\n    2" in report


def test_the_guide_is_full_of_examples():
    guide = [page for name, page in PAGES.items() if name.startswith("user_guide/")]
    examples = [
        page.read_text().count(">>> ") for page in guide if page.stem != "index"
    ]
    assert min(examples) > 5


def untested_code(text):
    """Find code of Python that stands in a block which nothing runs."""
    blocks = re.findall(
        r"^ *(?:\.\. code(?:-block)?:: *py.*|.*::)$", text, re.MULTILINE
    )
    return [block for block in blocks if not re.match(r" *\.\. [\w-]+:: *$", block)]


@pytest.mark.parametrize("name", PAGES)
def test_no_page_shows_python_that_is_not_run(name):
    assert untested_code(PAGES[name].read_text()) == []


def test_a_planted_block_that_is_not_run_is_found():
    assert untested_code("A\n\n.. code-block:: python\n\n   x") != []
    assert untested_code("Like this::\n\n   x") != []
    assert untested_code(".. toctree::\n   :maxdepth: 2\n") == []
    assert untested_code(".. list-table::\n   :header-rows: 1\n") == []


def test_the_readme_does_what_it_says():
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    names = {}
    exec(code, names)
    lowest = np.argsort(names["scores"])[:7]
    assert set(lowest) == set(np.flatnonzero(names["yahoo"].target == -1))


def targets_of(text):
    return [*re.findall(r"^ *make ([a-z-]+)", text, re.MULTILINE)]


@pytest.mark.parametrize("page", [README, DOCS / "development.rst"])
def test_the_commands_are_targets_of_the_makefile(page):
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = targets_of(page.read_text())
    assert {"demo", "test"} <= set(named) <= set(targets)


@pytest.mark.parametrize("name", PAGES)
def test_the_pictures_and_pages_that_a_page_names_are_there(name):
    page = PAGES[name]
    for image in re.findall(r"^\.\. (?:figure|image):: (.+)$", page.read_text(), re.M):
        assert (page.parent / image).is_file(), f"{name} shows {image}"


def test_the_files_that_the_readme_links_to_are_there():
    links = re.findall(r"\]\(([^)]+)\)", README.read_text())
    assert links
    for link in links:
        assert (ROOT / link).is_file(), f"README.md links to {link}"


def rooms():
    paths = [path.relative_to(ROOT / "skad") for path in (ROOT / "skad").rglob("*.py")]
    return {path: path.parts[0].removesuffix(".py") for path in paths}


def test_the_table_lists_the_imports_there_are():
    used = set()
    for path, room in rooms().items():
        code = (ROOT / "skad" / path).read_text()
        imported = re.findall(r"^from skad\.(\w+)", code, re.MULTILINE)
        used |= {(room, name) for name in imported if name != room}
    rows = csv.DictReader((DOCS / "rooms.csv").read_text().splitlines())
    listed = {
        (row["room"].strip("`"), name)
        for row in rows
        for name in re.findall(r"``(\w+)``", row["rooms it imports"])
    }
    assert listed == used


def test_the_drawing_and_the_map_show_every_room():
    drawing = ElementTree.parse(DOCS / "images" / "house.svg")
    drawn = {text.text for text in drawing.iter(SVG + "text")}
    page = PAGES["development.rst"].read_text()
    for room in set(rooms().values()) - {"__init__"}:
        assert room in drawn
        assert re.search(rf"^   skad/{room}(\.py|/) ", page, re.MULTILINE), room


@pytest.mark.parametrize("path", sorted((DOCS / "images").glob("*.svg")), ids=str)
def test_a_drawing_is_well_formed_titled_and_shown(path):
    drawing = ElementTree.parse(path).getroot()
    assert drawing.find(SVG + "title").text
    assert any(path.name in page.read_text() for page in PAGES.values())
