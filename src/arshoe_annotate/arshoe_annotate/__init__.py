"""Labels the 6-DoF poses of feet in pictures, in a browser or from Python."""

from arshoe_annotate.annotator import Annotator
from arshoe_annotate.foot_label import FootLabel

__all__ = ("Annotator", "FootLabel")
