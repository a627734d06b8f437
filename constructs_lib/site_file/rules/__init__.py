"""What the site file may say beyond the shape of its keys: which settings go together, and which cannot work together.

One module a subject; each rule names the key, the value, what is allowed and the way out. Types and defaults: the models.
"""
