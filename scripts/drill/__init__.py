"""Breaking something on purpose and measuring what users lost: scenarios, faults, the undo journal, measurement, verdict.

Looking at the site belongs into `probe`; turning results into pages belongs into `report`.
"""
