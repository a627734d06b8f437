"""Builds the site's source folder into the folder that is published, and says what is wrong with it.

Pages, references and fingerprints belong here; what happens to a built folder belongs into `release`.
"""
