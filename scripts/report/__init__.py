"""Results of drills for people: report.json, the HTML page with its timeline, the table in the terminal.

Shows what `drill` measured and measures nothing; its templates are beside it.
"""
