"""The gateway's whole state as a file: our own stores and moto's, saved at one moment and put back at start-up."""
