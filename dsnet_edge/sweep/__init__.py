"""Sweeping a bundle: what its accuracy and its costs become as a bias leads the gate."""
