"""`failover build`: from a source folder to a folder that can be published, the same bytes on every machine."""
