"""What works on the project itself: set-up, cdktf-cli, CI. Nothing in the product imports it."""
