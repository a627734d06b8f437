"""What was reviewed is what is applied: plans kept with their digests, then exactly those applied, region by region."""
