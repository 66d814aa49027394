"""Makes shoes from a few numbers: the bundled ones, and any number of others for synthetic data.

`last` is the form everything lies on; `design` says what a shoe consists of; `upper`, `sole` and `trims` make the
geometry, `paint` the textures; `maker` puts a shoe together; `catalogue` holds the bundled designs.
"""

from arshoe_render.shoe_maker.catalogue import DESIGNS
from arshoe_render.shoe_maker.design import ShoeParameters
from arshoe_render.shoe_maker.maker import make_model, make_shoe, opening_rim
from arshoe_render.shoe_maker.random_shoe import random_parameters

__all__ = ["DESIGNS", "ShoeParameters", "make_model", "make_shoe", "opening_rim", "random_parameters"]
