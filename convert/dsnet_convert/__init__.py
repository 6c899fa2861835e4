"""The host-side converter: one Plan in, one file format out a module. Imports dsnet_edge, never the reverse."""
