"""One module a kind of source, and the one that chooses among them."""
