"""A site's regions change: one is replaced by another, and what is left of it is deleted once it answers again."""
