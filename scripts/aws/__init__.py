"""AWS's APIs for every other room: clients, listings, invalidations, and moving the public name between distributions.

Knows AWS and nothing of releases, drills or Terraform's outputs; a call that only one room makes belongs into that room.
"""
