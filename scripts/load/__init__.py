"""Load until the site bends and breaks: a plan, Locust's own file of viewers, and where the knee is.

Measures the site's capacity, never its failover: that is `drill`'s matter. Locust is an extra: nothing else
needs it.
"""
