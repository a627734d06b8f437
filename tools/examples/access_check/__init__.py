"""Checks GitHub's roles against the AWS calls that the work makes: `make access`."""
