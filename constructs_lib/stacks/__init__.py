"""The stacks: separate Terraform states, so that one dead region never blocks a plan of the rest.

Outputs are added here and nowhere else; `constructs_lib/output_contract.py` declares them and docs/OUTPUTS.md lists them.
"""
