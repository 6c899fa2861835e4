"""Charts as SVG of our own: small ones, so that their text is readable where the page is as narrow as a phone."""
