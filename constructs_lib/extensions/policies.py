"""Policies of the extensions, as dictionaries. Pure functions; nothing here knows a construct."""

from typing import Any

from constructs_lib.policies import PolicyDocument, document, write_log


def api_function(*, table_arn: str, log_group_arn: str, is_traced: bool) -> PolicyDocument:
    """Returns what the API's function may do: read and write single items of its own region's replica, and write its log.

    X-Ray's actions have no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
    """
    trace: list[dict[str, Any]] = [
        {
            "Sid": "WriteTraces",
            "Effect": "Allow",
            "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
            "Resource": "*",
        }
    ]
    return document(
        {
            "Sid": "ReadAndWriteNotes",
            "Effect": "Allow",
            "Action": ["dynamodb:GetItem", "dynamodb:PutItem"],
            "Resource": table_arn,
        },
        write_log(log_group_arn),
        *(trace if is_traced else []),
    )
