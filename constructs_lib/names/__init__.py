"""Names and what proves them: the hosted zone, records, health checks, certificates, zone signing, query logs.

What a record points at belongs into `edge` and `endpoint`; which records a site gets is decided in `stacks`.
"""
