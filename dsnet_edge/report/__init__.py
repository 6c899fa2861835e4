"""Profiles for people: one page about them, and what differs between two. Imports their values, and nothing else of ours."""
