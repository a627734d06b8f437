"""Playing outages that happened against a site: incidents as data, the player, what its visitors saw, the page.

Faults of our own choosing belong into `drill`; looking at the site belongs into `probe`.
"""
