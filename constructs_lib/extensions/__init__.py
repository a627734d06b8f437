"""Extensions of the website: constructs that `[features]` adds, each usable alone in a stack of your own.

What every site has belongs into the other rooms; stacks decide which extension a site gets.
"""
