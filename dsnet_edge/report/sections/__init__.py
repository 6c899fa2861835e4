"""The parts of a report, one module each: a function from a profile to markup, or to nothing where it has nothing to say."""
