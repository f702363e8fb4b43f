"""How the documentation is built; it reads nothing from the network."""

from pathlib import Path

import skad

ROOT = Path(__file__).parents[1]

project = "skad"
author = "The skad developers"
copyright = author
version = release = skad.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]
default_role = "py:obj"
smartquotes = False
toc_object_entries_show_parents = "hide"  # the page says whose methods they are

autosummary_generate = True
numpydoc_show_class_members = False  # the templates list the methods in full
numpydoc_class_members_toctree = False

html_theme = "pydata_sphinx_theme"
html_title = f"skad {version}"
html_static_path = ["_static"]
html_css_files = ["skad.css"]
html_show_sphinx = False
html_copy_source = False
# Pages without neighbours need no list of them.
html_sidebars = {page: [] for page in ("index", "install", "development", "changes")}
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["search-button"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_toc_level": 2,
}

# The gallery runs every example in full; SKAD_EXAMPLES_SMALL=1, which the examples read
# themselves, makes a quick build while writing.
sphinx_gallery_conf = {
    "examples_dirs": str(ROOT / "examples"),
    "gallery_dirs": "auto_examples",
    "abort_on_example_error": True,
    "reference_url": {"skad": None},
    "doc_module": ("skad",),
    "backreferences_dir": None,
    "remove_config_comments": True,
    "write_computation_times": False,
    "reset_modules": ("matplotlib",),
}
