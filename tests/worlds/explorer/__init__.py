"""An explicit-state explorer: operators' real code against an S3 and a KeyValueStore in memory, in every order of their calls."""
