"""The habits of the house: constructors that only store, short functions, no print."""

import ast
from pathlib import Path

import pytest

import skad

SKAD = Path(skad.__file__).parent
ROOT = SKAD.parent
# Estimators live here: what their constructors do, clone and get_params must undo.
ESTIMATOR_ROOMS = ("detectors", "postprocessing", "preprocessing")
VAGUE = {"common", "helper", "helpers", "misc", "tools", "util", "utils"}
LONGEST_BODY = 25
# Docstrings are left out: they are the reference that users read, and as long as that
# needs. They count for the file as a whole.
LONGEST_CODE = 200
LONGEST_FILE = 350


def documented(tree):
    """List the modules, classes and functions that open with a docstring."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    nodes = (node for node in ast.walk(tree) if isinstance(node, kinds))
    return [node for node in nodes if ast.get_docstring(node) is not None]


def functions_in(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def constructors_in(tree):
    return [function for function in functions_in(tree) if function.name == "__init__"]


def statements_of(function):
    """Return the body without its docstring."""
    return function.body[function in documented(function) :]


def takes_named_parameters(name, source):
    return [
        f"{name}, line {node.lineno}: a constructor with * or ** hides its parameters "
        "from clone, grids and typo checks. Spell them out."
        for node in constructors_in(ast.parse(source))
        if node.args.vararg or node.args.kwarg
    ]


def stores_and_nothing_else(name, source):
    if not name.startswith(ESTIMATOR_ROOMS):
        return []
    return [
        f"{name}, line {statement.lineno}: __init__ does more than self.x = x or "
        "super().__init__(x=x). Move the work to fit."
        for node in constructors_in(ast.parse(source))
        for statement in statements_of(node)
        if not (is_plain_assignment(statement) or is_plain_super(statement))
    ]


def is_plain_assignment(statement):
    """Recognise ``self.x = x``."""
    if not isinstance(statement, ast.Assign) or not isinstance(
        statement.value, ast.Name
    ):
        return False
    name = statement.value.id
    return ast.unparse(statement) == f"self.{name} = {name}"


def is_plain_super(statement):
    """Recognise ``super().__init__(x=x, y=y)``."""
    call = getattr(statement, "value", None)
    if not isinstance(call, ast.Call) or call.args:
        return False
    passed_on = all(k.arg == ast.unparse(k.value) for k in call.keywords)
    return passed_on and ast.unparse(call.func) == "super().__init__"


def prints_only_when_verbose(name, source):
    """Leave printing to the callback that `verbose` switches on."""
    tree = ast.parse(source)
    verbose = [n for n in tree.body if getattr(n, "name", "") == "EpochLines"]
    allowed = {id(node) for part in verbose for node in ast.walk(part)}
    return [
        f"{name}, line {node.lineno}: prints. Raise, warn or return it instead."
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("print", "sys.stdout.write")
        and id(node) not in allowed
    ]


def has_short_functions(name, source):
    found = []
    for function in functions_in(ast.parse(source)):
        body = statements_of(function)
        length = body[-1].end_lineno - body[0].lineno + 1 if body else 0
        if is_constructor_of_an_estimator(name, function):
            continue
        if length > LONGEST_BODY:
            found.append(
                f"{name}, line {function.lineno}: the body of {function.name} has "
                f"{length} lines, the limit is {LONGEST_BODY}. Name a part of it."
            )
    return found


def is_constructor_of_an_estimator(name, function):
    """Tell what stores one parameter per line, and does nothing else."""
    return function.name == "__init__" and name.startswith(ESTIMATOR_ROOMS)


def is_a_short_module(name, source):
    lines = source.splitlines()
    n_code = sum(1 for line in lines if line.strip())
    for node in documented(ast.parse(source)):
        text = node.body[0]
        n_code -= sum(
            1 for line in lines[text.lineno - 1 : text.end_lineno] if line.strip()
        )
    if n_code <= LONGEST_CODE and len(lines) <= LONGEST_FILE:
        return []
    return [
        f"{name}: {len(lines)} lines (limit {LONGEST_FILE}), {n_code} of them code "
        f"(limit {LONGEST_CODE}). Split it."
    ]


def has_a_telling_name(name, source):
    if Path(name).stem.strip("_") not in VAGUE:
        return []
    return [f"{name}: the name says nothing. Name the module after what is inside."]


def runs_its_doctests(name, source):
    return [
        f"{name}, line {number}: a doctest that is skipped rots. Make it run."
        for number, line in enumerate(source.splitlines(), start=1)
        if "+" + "SKIP" in line
    ]


def says_what_it_expects(name, source):
    """Ask for a match wherever a test expects an error or a warning."""
    return [
        f"{name}, line {node.lineno}: {ast.unparse(node.func)} without match= passes "
        "for any error of that class. Match the sentence that the user reads."
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).split(".")[-1] in ("raises", "warns")
        and not any(
            k.arg == "match" and ast.unparse(k.value) != "''" for k in node.keywords
        )
    ]


OF_THE_PACKAGE = [
    takes_named_parameters,
    stores_and_nothing_else,
    prints_only_when_verbose,
    has_short_functions,
    is_a_short_module,
    has_a_telling_name,
    runs_its_doctests,
]
OF_THE_TESTS = [says_what_it_expects, runs_its_doctests, has_a_telling_name]


def faults_under(folder, rule):
    paths = sorted(folder.rglob("*.py"))
    assert paths, f"no Python files under {folder}"
    return [
        fault
        for path in paths
        for fault in rule(path.relative_to(folder).as_posix(), path.read_text())
    ]


@pytest.mark.parametrize("rule", OF_THE_PACKAGE, ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_rule(rule):
    faults = faults_under(SKAD, rule)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("rule", OF_THE_TESTS, ids=lambda rule: rule.__name__)
def test_the_tests_keep_the_rule(rule):
    faults = faults_under(ROOT / "tests", rule)
    assert not faults, "\n".join(faults)


LONG_BODY = "def f():\n    '''Long\n\n    docstring.'''\n" + "    x = 1\n" * 26
PLANTED = [
    (takes_named_parameters, "_x.py", "class A:\n def __init__(self, **kw): pass"),
    (takes_named_parameters, "_x.py", "class A:\n def __init__(self, *steps): pass"),
    (stores_and_nothing_else, "{}", "self.size = int(size)"),
    (stores_and_nothing_else, "{}", "self.size = width"),
    (stores_and_nothing_else, "{}", "self.size = self.width = size"),
    (stores_and_nothing_else, "{}", "if size < 1: raise ValueError"),
    (stores_and_nothing_else, "{}", "super().__init__(size=size + 1)"),
    (stores_and_nothing_else, "{}", "super().__init__(size)"),
    (prints_only_when_verbose, "_x.py", "def f():\n    print('loss')"),
    (prints_only_when_verbose, "_x.py", "class Other:\n def f(self): print('loss')"),
    (has_short_functions, "_x.py", LONG_BODY),
    (is_a_short_module, "_x.py", "x = 1\n" * 201),
    (is_a_short_module, "_x.py", "'''Docs.\n" + "x\n" * 360 + "'''\n"),
    (has_a_telling_name, "detectors/_utils.py", ""),
    (has_a_telling_name, "common.py", ""),
    (runs_its_doctests, "_x.py", "'''\n>>> 1  # doctest: +" + "SKIP\n'''"),
    (says_what_it_expects, "_x.py", "with pytest.raises(ValueError): pass"),
    (says_what_it_expects, "_x.py", "with raises(ValueError, match=''): pass"),
    (says_what_it_expects, "_x.py", "pytest.warns(UserWarning)"),
]


@pytest.mark.parametrize(("rule", "name", "source"), PLANTED)
def test_a_planted_fault_is_found(rule, name, source):
    if rule is stores_and_nothing_else:
        name = "detectors/_x.py"
        source = f"class A:\n def __init__(self, size, width):\n  {source}"
    (fault,) = rule(name, source)
    assert fault.startswith(name)


def test_good_habits_are_no_faults():
    source = (
        "class A:\n"
        "    def __init__(self, size, *, width=2):\n"
        "        '''Store.'''\n"
        "        super().__init__(size=size)\n"
        "        self.width = width\n"
        "class EpochLines:\n"
        "    def on_epoch_end(self): print('loss 1')\n"
        "with pytest.raises(ValueError, match='2 rows'): pass\n"
    )
    for rule in {*OF_THE_PACKAGE, *OF_THE_TESTS}:
        assert rule("detectors/_x.py", source) == []
