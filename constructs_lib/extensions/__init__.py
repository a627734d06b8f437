"""Extensions of the website: constructs that `[features]` adds, each usable alone in a stack of your own."""
