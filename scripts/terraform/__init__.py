"""Terraform around the site: its program and provider, the synthesis, the deployment, the outputs, the state bucket.

Nothing here is part of a recovery: what runs during an outage reads only the saved outputs (`outputs`).
"""
