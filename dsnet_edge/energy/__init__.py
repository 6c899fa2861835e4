"""Energy: meters of devices, and what one inference costs by them. What a meter says is data, and untrusted."""
