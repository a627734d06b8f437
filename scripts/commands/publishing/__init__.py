"""What `failover sync-content` does once its options are read: publish, ask the site, promote, and the words about it.

The plan and its steps are in scripts/release; here they meet options, the terminal and servers outside AWS.
"""
