"""What watches the site: alarms, their delivery, dashboards, the event timeline, the budget.

A construct here gets ids and ARNs of what it watches, never the construct itself, so that it can watch anybody's site.
"""
