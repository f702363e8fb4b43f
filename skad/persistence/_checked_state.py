"""What was built from a file, checked before anybody uses it."""

from typing import Any


def checked(estimator: Any) -> Any:
    """Let all parts say whether what was learnt fits their parameters.

    A part that knows has ``__skad_check_state__()``, which raises a ValueError.
    """
    unseen, seen = [estimator], set()
    while unseen:
        part = unseen.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if hasattr(type(part), "__skad_check_state__"):
            part.__skad_check_state__()
        if isinstance(part, dict):
            unseen.extend(part.values())
        elif isinstance(part, (list, tuple)):
            unseen.extend(part)
        elif hasattr(part, "get_params"):
            unseen.extend(vars(part).values())
    return estimator
