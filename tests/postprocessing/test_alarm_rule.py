"""From alarmed rows to alarms."""

from dataclasses import replace

import numpy as np
import pytest

from skad.postprocessing import AlarmRule, to_events

ON, OFF = -1.0, 1.0


def opened(rule, decisions):
    return np.flatnonzero(rule.open_rows(decisions)).tolist()


def test_the_plain_rule_opens_at_rows_below_zero():
    assert opened(AlarmRule(), [1, -1, 0, -1e-300, -0.0, 3]) == [1, 3]


def test_so_many_rows_of_the_last_ones_open_an_alarm():
    decisions = [ON, OFF, ON, OFF, OFF, ON, ON, OFF, ON]
    assert opened(AlarmRule(min_rows=2), decisions) == [6]
    assert opened(AlarmRule(min_rows=2, of=3), decisions) == [2, 6, 8]
    assert opened(AlarmRule(min_rows=3, of=9), decisions) == [5, 6, 8]


def test_an_alarm_closes_when_the_decision_has_recovered():
    decisions = [-1, 0.4, 0.5, 0.4, -1, 0.1, 0.6]
    assert opened(AlarmRule(recovery=0.5), decisions) == [0, 1, 4, 5]


def test_after_an_alarm_it_stays_shut_for_a_while():
    decisions = [ON, OFF, ON, OFF, OFF, ON, ON]
    assert opened(AlarmRule(cooldown=4), decisions) == [0, 5, 6]
    assert opened(AlarmRule(cooldown=5), decisions) == [0, 6]


def test_what_is_near_is_the_alarm_before_going_on():
    decisions = [ON, OFF, ON, OFF, OFF, ON]
    assert opened(AlarmRule(cooldown=9, merge_gap=1), decisions) == [0, 2]
    events = to_events(decisions, threshold=0, rule=AlarmRule(merge_gap=1))
    assert events[["start", "end"]].to_numpy().tolist() == [[0, 2], [5, 5]]


def test_no_alarm_goes_from_one_series_into_the_next():
    rule = AlarmRule(min_rows=2, recovery=2, cooldown=3)
    decisions = [ON, ON, OFF, ON, ON, OFF]
    starts = np.array([0, 3])
    assert rule.open_rows(decisions, starts).tolist() == [False, True, True] * 2


def random_rule(rng):
    min_rows = int(rng.integers(1, 5))
    of = None if rng.random() < 0.3 else min_rows + int(rng.integers(0, 6))
    recovery = float(rng.choice([0.0, 0.3, 1.0]))
    cooldown, merge_gap = (int(n) for n in rng.integers(0, 9, size=2))
    return AlarmRule(min_rows, of, recovery, cooldown, merge_gap)


@pytest.mark.parametrize("seed", range(40))
def test_a_stream_gets_the_alarms_of_the_whole(seed):
    rng = np.random.default_rng(seed)
    rule = random_rule(rng)
    decisions = np.round(
        np.cumsum(rng.normal(size=400)) * 0.1 + rng.normal(size=400), 1
    )
    whole = rule.open_rows(decisions)
    assert whole.any() or rule.min_rows > 1
    state, parts = None, []
    for part in np.split(decisions, np.sort(rng.integers(0, 400, size=12))):
        is_open, state = rule.advance(part, state)
        parts.append(is_open)
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert len(state.recent) <= (rule.of or rule.min_rows)


def test_a_state_can_be_gone_on_from_twice():
    rule = AlarmRule(min_rows=2)
    _, state = rule.advance([ON])
    assert rule.advance([ON], state)[0].tolist() == [True]
    assert rule.advance([OFF], state)[0].tolist() == [False]
    assert rule.advance([ON], state)[0].tolist() == [True]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"min_rows": 0}, "min_rows=0 must be an integer of at least 1, a number of"),
        ({"min_rows": 3, "of": 2}, "of=2 must be an integer of at least 3"),
        ({"cooldown": 1.5}, r"cooldown=1\.5 must be an integer of at least 0"),
        ({"merge_gap": -1}, "merge_gap=-1 must be an integer of at least 0"),
        ({"recovery": -0.1}, r"recovery=-0\.1 must be a finite number of at least 0"),
        ({"recovery": "low"}, "recovery='low' must be a finite number"),
    ],
)
def test_what_is_no_rule_is_refused_by_name(parameters, message):
    with pytest.raises(ValueError, match=message):
        AlarmRule(**parameters)
    with pytest.raises(ValueError, match=message):
        replace(AlarmRule(), **parameters)


def test_a_table_of_events_takes_the_rule_or_its_own_gap():
    decisions = [OFF, ON, ON, OFF, ON]
    rule = AlarmRule(min_rows=2)
    events = to_events(decisions, threshold=0, rule=rule)
    assert events[["start", "end"]].to_numpy().tolist() == [[2, 2]]
    with pytest.raises(ValueError, match="merge_gap=1 is given twice: set it in rule"):
        to_events(decisions, threshold=0, rule=rule, merge_gap=1)
