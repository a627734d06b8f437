"""Faults of localcloud, and what is said of each: `failover status`, its exit code, the alerts, the runbook sections named.

What is broken lies in `faults`, what is right is judged in `judgement`, the world is asked in `truth`. `rehearsal` runs one fault
after the other, `rehearsals` several at a time; the command is `__main__`.
"""
