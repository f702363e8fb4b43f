"""Every example runs as a script, at small size, and shows what it promises."""

import re
from pathlib import Path

import matplotlib.image
import pytest

from tests.support.example_runs import run_example

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(example, folder):
    """Run an example with ``folder`` as the current one, and return what it printed."""
    status, printed = run_example(EXAMPLES / f"{example}.py", folder)
    assert status == 0, printed
    return printed


def assert_drawn(path, colors):
    """Assert that a figure holds lines or markers of every one of some colours."""
    image = (matplotlib.image.imread(path)[..., :3] * 255).round().astype(int)
    for color in colors:
        channels = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
        n_pixels = (abs(image - channels).max(axis=-1) <= 2).sum()
        assert n_pixels > 50, f"{path.name} shows nothing in {color}"


def numbers(line):
    """Return the numbers at the end of a line of a table."""
    return [float(number) for number in re.search(r"(\s+[\d.]+)+$", line)[0].split()]


def test_the_demo_compares_three_detectors_on_two_series(tmp_path):
    printed = run("plot_real_series", tmp_path)
    rows = re.findall(r"^.* (?:with|without) +[\d.]+ +[\d.]+ +[\d.]+$", printed, re.M)
    assert len(rows) == 2 * 3 * 2
    for row in rows:
        auc, precision, seconds = numbers(row)
        assert 0 < auc <= 1
        assert 0 < precision <= 1
        assert seconds > 0
    for name in ("ECG", "Yahoo", "IsolationForest", "ConvAutoencoder"):
        assert name in printed
    assert "chosen by hand on these two series" in printed
    assert_drawn(tmp_path / "demo.png", ["#000000", "#0072B2", "#D55E00"])


def test_the_search_tries_thresholds_architectures_and_detectors(tmp_path):
    printed = run("plot_grid_search", tmp_path)
    candidates = [
        "IsolationForest",
        "LSTMForecaster hidden_size=8",
        "LSTMForecaster hidden_size=32",
        "ConvAutoencoder channels=(16, 4)",
        "ConvAutoencoder channels=(32, 16)",
    ]
    for candidate in candidates:
        pattern = rf"^ *{re.escape(candidate)} ( *[\d.]+){{4}}$"
        rows = [m[0] for m in re.finditer(pattern, printed, re.M)]
        assert sorted(numbers(row)[0] for row in rows) == [0.002, 0.01, 0.05]
        assert len({numbers(row)[1] for row in rows}) == 1, "ROC AUC sees no threshold"
    assert len(re.findall("normal rows, test on .* abnormal points", printed)) == 3
    assert_drawn(tmp_path / "figure_1.png", ["#0072B2", "#E69F00", "#009E73"])


def test_the_noise_study_scores_40_windows_alone_and_among_440(tmp_path):
    printed = run("plot_noise_study", tmp_path)
    same = "40 windows score the same alone as among 440, to the last bit"
    assert f"fitted on clean signal: {same}" in printed
    assert f"fitted on noisy copies: {same}" in printed
    rows = re.findall(r"^.* [0-6]( +[01]\.\d\d){3}$", printed, re.M)
    assert len(rows) == 2 * 7
    assert_drawn(tmp_path / "figure_1.png", ["#0072B2", "#D55E00"])


def test_the_denoising_example_measures_the_distance_from_the_clean_signal(tmp_path):
    printed = run("plot_denoising", tmp_path)
    table = {
        name: numbers(line)
        for line in printed.splitlines()
        for name in ("noisy input", "plain autoencoder", "denoising autoencoder")
        if line.startswith(name)
    }
    assert all(len(row) == 6 for row in table.values())
    assert table["noisy input"] == sorted(table["noisy input"])
    assert table["denoising autoencoder"][-1] < table["noisy input"][-1]
    colors = ["#0072B2", "#D55E00", "#009E73"]
    assert_drawn(tmp_path / "figure_1.png", colors)


def test_the_stream_has_the_bits_of_the_whole_series(tmp_path):
    printed = run("plot_streaming", tmp_path)
    assert "the bits of the whole series: True" in printed
    assert "looks back 126 rows, and ahead none" in printed
    assert_drawn(tmp_path / "figure_1.png", ["#000000", "#0072B2"])


def test_the_stuck_sensor_is_named_and_its_readings_are_told(tmp_path):
    printed = run("plot_which_channel", tmp_path)
    shares = re.findall(r"^sensor \d+ +(\d+)%$", printed, re.M)
    assert len(shares) == 5
    assert sorted(map(int, shares), reverse=True) == [*map(int, shares)]
    assert re.search(r"^ +start +end +severity +channels$", printed, re.M)
    assert_drawn(tmp_path / "figure_1.png", ["#0072B2", "#D55E00", "#E69F00"])


def test_runs_become_events_and_are_compared_with_a_logbook(tmp_path):
    printed = run("plot_events", tmp_path)
    runs = int(re.search(r"below the threshold, in (\d+) runs", printed)[1])
    events = re.findall(r"^\d+( +[\d-]{10} [\d:]{8}){3} +[\d.]+$", printed, re.M)
    assert 1 <= len(events) <= runs
    written = re.findall(r"^[a-z ]+( +[\d-]{10} [\d:]{8}){2}$", printed, re.M)
    assert len(written) == 4
    assert len(re.findall(r"^(?:runs|events): \d+% of what was", printed, re.M)) == 2
    assert_drawn(tmp_path / "figure_1.png", ["#0072B2", "#D55E00", "#000000"])


def test_the_digits_are_denoised_by_two_networks_and_by_components(tmp_path):
    printed = run("plot_digits", tmp_path)
    assert "(1200, 8, 8)" in printed
    names = ["plain autoencoder", "16 components", "denoising autoencoder"]
    for name in names:
        (row,) = re.findall(rf"^{name} .*$", printed, re.M)
        assert len(numbers(row)) == 5
    (noisy,) = re.findall(r"^noisy .*$", printed, re.M)
    assert numbers(noisy) == sorted(numbers(noisy))
    assert_drawn(tmp_path / "figure_1.png", ["#0072B2", "#D55E00", "#009E73"])


def test_thresholds_of_one_detector_differ_in_false_alarms(tmp_path):
    printed = run("plot_thresholds", tmp_path)
    row = r"^([a-z, ]+(?:\"[a-z]+\")?)( +[\d.]+){3}$"
    table = {m[1].strip(): numbers(m[0]) for m in re.finditer(row, printed, re.M)}
    assert len(table) == 6
    false_alarms = {name: values[1] for name, values in table.items()}
    promised = false_alarms['held back, "quantile"']
    assert false_alarms["training quantile"] > 3 * promised
    assert false_alarms['held back, "conformal"'] <= promised
    assert 0 < table["tuned by labels"][2] <= 1
    assert_drawn(tmp_path / "figure_1.png", ["#0072B2", "#D55E00", "#E69F00"])


def test_four_detectors_take_turns_in_one_pipeline(tmp_path):
    printed = run("plot_swap", tmp_path)
    lines = re.findall(r"^(\w+) +VUS-PR ([\d.]+) +[\d.]+ seconds$", printed, re.M)
    names = "IsolationForest LocalOutlierFactor PCADetector ConvAutoencoder"
    assert [name for name, _ in lines] == names.split()
    volumes = [float(volume) for _, volume in lines]
    assert all(0 < volume <= 1 for volume in volumes)
    assert len(set(volumes)) > 1, "no detector was swapped"
    assert_drawn(tmp_path / "figure_1.png", ["#000000", "#0072B2"])


@pytest.mark.parametrize("line", ["1 / 0", "import warnings; warnings.warn('no')"])
def test_an_example_that_fails_or_warns_is_reported(tmp_path, line):
    script = tmp_path / "plot_nothing.py"
    script.write_text(f"print('begun')\n{line}\n")
    status, printed = run_example(script, tmp_path)
    assert status != 0
    assert printed.startswith("begun\nTraceback")
    assert line in printed


def test_no_example_is_left_out():
    tested = Path(__file__).read_text()
    for example in EXAMPLES.glob("plot_*.py"):
        assert f'run("{example.stem}", tmp_path)' in tested


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda p: p.stem)
def test_an_example_is_switched_to_small_size_at_one_place(path):
    assert path.read_text().count('os.environ.get("SKAD_EXAMPLES_SMALL") == "1"') == 1


def test_a_csv_file_becomes_a_table_of_alarms(tmp_path):
    printed = run("plot_real_csv", tmp_path)
    assert "20 duplicates" in printed
    assert "conductivity_uS: " in printed
    assert re.search(r"[\d] of 6 faults found, \d+ false alarms", printed)
