"""Letting `set_output` frame tables, and leave three-dimensional windows alone."""

from sklearn.base import TransformerMixin


class TableOutputMixin(TransformerMixin):
    """A transformer whose output is at times a table, at times an array of windows.

    scikit-learn frames the output of whatever has `get_feature_names_out`, and offers
    `set_output` for nothing else. The subclass has `get_feature_names_out` only while
    its output is a table (`available_if`); this `set_output` is always there, so that
    a Pipeline can be told to give frames with either.
    """

    def set_output(self, *, transform=None):
        """Choose the container of `transform` and `fit_transform`.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"} or None, default=None
            As in scikit-learn; None changes nothing. Three-dimensional output stays a
            NumPy array.

        Returns
        -------
        self : object
            This transformer.
        """
        if transform is not None:
            self._sklearn_output_config = {"transform": transform}
        return self
