"""What GitHub's roles may do, as dictionaries. Pure functions; nothing here knows a construct.

Four roles, because four jobs need different things: `plan` reads settings and states, `deploy` changes the site's stacks,
`content` publishes releases, `drill` breaks and mends on purpose. What none of them may: touch these roles, their boundary, the
OIDC provider or the audit trail. Those are an administrator's, as are deletions of buckets and of the hosted zone.
"""
