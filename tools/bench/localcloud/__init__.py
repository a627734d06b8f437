"""How fast and how large localcloud is: `make bench-localcloud`."""
