"""`dsnet-edge camera`: pictures from a camera, each classified on the width its gate picks, for people to watch."""
