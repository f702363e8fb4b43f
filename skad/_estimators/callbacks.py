"""scikit-learn's callbacks: telling them how a fit goes on.

A fit is a task with parts, such as epochs, or the fits of what is inside::

    GridSearchCV > candidate and split > Pipeline > step > LSTMForecaster > epoch

Progress bars and monitors hang on to this tree (`set_callbacks`). The interface is
experimental in scikit-learn, so nothing else in skad names it, and where it is missing
every estimator works without it. Whatever is opened here is closed by scikit-learn's
`_fit_context`, under which each fit runs, so that nothing is left in a fitted object.
"""

from contextlib import contextmanager, nullcontext

from sklearn.base import clone

from skad._estimators.forgotten_channels import warn_of_forgotten_channels
from skad._estimators.short_windows import speaking_of_rows

try:
    from sklearn.callback import CallbackSupportMixin as CallbackSupport
except ImportError:

    class CallbackSupport:
        """Stands in for the callbacks of scikit-learn where it has none."""

        def set_callbacks(self, *callbacks):
            """Refuse callbacks; none are fine."""
            if callbacks:
                raise ImportError(
                    "Callbacks need sklearn.callback, which is experimental and is "
                    "missing in this version of scikit-learn. Fit without callbacks, "
                    "or install scikit-learn 1.9."
                )
            return self

        def _init_callback_context(self, **parts):
            return _Unheard()


class _Unheard:
    """The context of a fit that nobody is told of."""

    def subcontext(self, **task):
        return self

    def propagate_callback_context(self, estimator):
        return nullcontext()

    def call_on_fit_task_begin(self, **task):
        return None

    def call_on_fit_task_end(self, **task):
        return False


class FitTask:
    """The fit of an estimator, as its callbacks see it: done, or undone.

    If anything is raised, an interrupt included, the estimator gets back the attributes
    that it had before. Not copies: a fit sets them anew and leaves their values be.
    """

    def __init__(self, estimator, X, y, n_parts=0):
        self.estimator = estimator
        self.data = {"X": X, "y": y}
        self.context = estimator._init_callback_context(max_subtasks=n_parts)

    def __enter__(self):
        self.before = vars(self.estimator).copy()
        self.context.call_on_fit_task_begin(estimator=self.estimator, **self.data)
        return self

    def __exit__(self, kind, error, traceback):
        is_done = False
        try:
            if kind is None:
                self._end(self.context, dict)  # nothing is missing in the estimator
                is_done = True
        finally:
            if not is_done:  # at once: a second interrupt finds one of both
                self.estimator.__dict__ = self.before

    def part(self, name):
        """Return the next part of this fit, in which something inside is fitted."""
        return Part(self.context.subcontext(task_name=name), self.estimator)

    def epochs(self, attributes):
        """Return what to call around each epoch of a training.

        Parameters
        ----------
        attributes : callable
            ``attributes(net)`` gives what the estimator would have, had it been
            trained until now.

        Returns
        -------
        epochs : Epochs
        """
        return Epochs(self, attributes)

    def _end(self, part, attributes=None):
        return part.call_on_fit_task_end(
            estimator=self.estimator, reconstruction_attributes=attributes, **self.data
        )


class Part:
    """The fit of something inside an estimator; may go to another process."""

    def __init__(self, context, owner):
        self.context = context
        self.owner = owner

    @contextmanager
    def around(self, estimator, X=None):
        """Let the callbacks go on to ``estimator`` while it is fitted on ``X``.

        What is wrong with windows that it cuts is told in terms of these rows.
        """
        go_on = self.context.propagate_callback_context(estimator)
        with go_on, speaking_of_rows(estimator, X):
            self.context.call_on_fit_task_begin(estimator=self.owner)
            yield
            warn_of_forgotten_channels(estimator, stacklevel=8)
            self.context.call_on_fit_task_end(estimator=self.owner)


class Epochs:
    """The epochs of a training, each one part of a task."""

    def __init__(self, task, attributes):
        self.task = task
        self.attributes = attributes

    def begin(self):
        self.part = self.task.context.subcontext(task_name="epoch")
        self.part.call_on_fit_task_begin(
            estimator=self.task.estimator, **self.task.data
        )

    def end(self, net):
        """End the epoch; True asks for an end of the training."""
        return self.task._end(self.part, lambda: self.attributes(net))


def clone_without_callbacks(estimator):
    """Clone the parameters alone, for what is kept in a fitted object."""
    return clone(estimator).set_callbacks()
