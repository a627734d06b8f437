"""How long a call of AWS may take: an alert that waits for one that does not answer helps nobody."""

from botocore.config import Config

CONFIG = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 2, "mode": "standard"})
