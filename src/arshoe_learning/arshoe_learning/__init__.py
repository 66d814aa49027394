"""Synthetic feet, training, evaluation and export of the network. Not needed to run it."""
