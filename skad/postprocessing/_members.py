"""Which members of an ensemble take part, and what each of them counts."""

from dataclasses import dataclass

import numpy as np

from skad._estimators.evidence import rows_left_out, those_there
from skad.postprocessing._meta_detector import refuse_without_scores


@dataclass(frozen=True)
class LeftOut:
    """The rows for which each member has too few readings; None where it has none."""

    of_members: tuple[np.ndarray | None, ...]

    @classmethod
    def by(cls, members: list, X) -> "LeftOut":
        return cls(tuple(rows_left_out(member, X) for member in members))

    def among(self, rows: np.ndarray) -> "LeftOut":
        """Return what is left out of some of the rows."""
        return LeftOut(
            tuple(mask if mask is None else mask[rows] for mask in self.of_members)
        )

    def hide(self, scores: list[np.ndarray]) -> list[np.ndarray]:
        """Return the scores of members, NaN of rows that they leave out."""
        return [
            part if mask is None else np.where(mask, np.nan, part)
            for part, mask in zip(scores, self.of_members, strict=True)
        ]

    def drop(self, scores: list[np.ndarray]) -> list[np.ndarray]:
        """Return the scores of the rows that members do not leave out."""
        return list(map(those_there, scores, self.of_members))


def members_of(ensemble) -> list:
    """List the (name, estimator) pairs that are not dropped."""
    if not ensemble.estimators or not all(
        isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str)
        for pair in ensemble.estimators
    ):
        raise ValueError(
            f"estimators={ensemble.estimators!r} must be a list of one or more (name, "
            'estimator) pairs, such as [("forest", IsolationForest())].'
        )
    ensemble._validate_names([name for name, _ in ensemble.estimators])
    members = [pair for pair in ensemble.estimators if not _is_dropped(pair)]
    if not members:
        raise ValueError(
            "All members of the ensemble are dropped: "
            f"{[name for name, _ in ensemble.estimators]}. Keep at least one, with "
            "set_params(name=estimator)."
        )
    for _, estimator in members:
        refuse_without_scores(estimator, ensemble)
    return members


def of_the_same_channels(ensemble, answers: list[np.ndarray]) -> list[np.ndarray]:
    """Return what members say, who must speak of as many channels each."""
    counts = [answer.shape[1] for answer in answers]
    if len(set(counts)) > 1:
        raise ValueError(
            f"The members of {type(ensemble).__name__} see {counts} channels, which "
            "cannot be told of together. Ask them one by one, the first as "
            "detector.estimators_[0]."
        )
    return answers


def shares_of(ensemble) -> np.ndarray:
    """Return the shares of the members that are not dropped; they sum to 1."""
    given = ensemble.weights
    kept = [not _is_dropped(pair) for pair in ensemble.estimators]
    weights = np.ones(len(kept)) if given is None else _as_numbers(given)
    if given is not None and ensemble.combine == "max":
        raise ValueError(
            'combine="max" takes the one member to which a row is most abnormal, '
            "and so no weights. Set weights=None, or combine by a mean."
        )
    usable = np.isfinite(weights) & (weights >= 0)
    if weights.shape != (len(kept),) or not usable.all():
        raise ValueError(
            f"weights={given!r} must be one finite number of at least 0 for each "
            f"of the {len(kept)} estimators, dropped ones included."
        )
    if not weights[kept].any():
        raise ValueError(
            f"weights={given!r} give nothing to the members that are not dropped. "
            "Give at least one of them a number above 0."
        )
    return weights[kept] / weights[kept].sum()


def _as_numbers(weights):
    weights = np.asarray(weights)
    return weights.astype(float) if weights.dtype.kind in "biuf" else np.array(np.nan)


def _is_dropped(pair):
    return isinstance(pair[1], str) and pair[1] == "drop"
