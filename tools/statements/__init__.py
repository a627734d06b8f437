"""Faults of localcloud, and what is said of each: `failover status`, its exit code, the alerts, the runbook sections named.

What is right is judged in `judgement`; the world is asked in `truth`; running it all lies in `__main__`.
"""
