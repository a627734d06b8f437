"""The stacks: separate Terraform states, so that one dead region never blocks a plan of the rest.

Outputs are added here and nowhere else; `constructs_lib/output_contract.py` declares them and docs/OUTPUTS.md lists them.
"""

from constructs_lib.stacks.access_stack import AccessStack
from constructs_lib.stacks.api_stacks import add_api
from constructs_lib.stacks.audit_stack import AuditStack
from constructs_lib.stacks.database_stack import add_database
from constructs_lib.stacks.dns_stack import DnsStack
from constructs_lib.stacks.edge_stack import EdgeStack
from constructs_lib.stacks.keys_stack import KeysStack
from constructs_lib.stacks.monitoring_stack import MonitoringStack
from constructs_lib.stacks.region_stack import RegionStack

__all__ = [
    "AccessStack",
    "AuditStack",
    "DnsStack",
    "EdgeStack",
    "KeysStack",
    "MonitoringStack",
    "RegionStack",
    "add_api",
    "add_database",
]
