"""AWS's own levers: what a drill can break on a real deployment with API calls that have an exact way back.

A lever reads what is there (`capture`), which goes to disk, then changes it (`pull`); `restore` puts back what was captured, from
that document alone, and may be repeated. Nothing here measures, and nothing here knows whether it talks to AWS or to localcloud.
"""
