"""What the deploy role needs where there is a database."""

from constructs_lib.access_policies.scope import Scope
from constructs_lib.policies import PolicyDocument, document


def deploy_database(scope: Scope) -> PolicyDocument:
    """Returns what the deploy role needs beside `deploy` where there is a database.

    A policy of its own, for the reason of `deploy_limits`. Instances without their deletion, and the network they may be given;
    a network of the site carries its tag.
    """
    makes = ["CreateVpc", "CreateSubnet", "CreateSecurityGroup"]
    changes = ("Modify*", "AuthorizeSecurityGroup*", "RevokeSecurityGroup*", "CreateTags", "DeleteTags", "DeleteVpc",
               "DeleteSubnet", "DeleteSecurityGroup")  # fmt: skip
    return document(
        {
            "Sid": "Database",
            "Effect": "Allow",
            "Action": "rds:*",
            "Resource": [scope.named("rds", kind) for kind in ("db:", "subgrp:", "pg:", "snapshot:")],
        },
        {
            # A replica of an instance in another region; it has no resource to name:
            # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
            "Sid": "ReplicateDatabase",
            "Effect": "Allow",
            "Action": "rds:CrossRegionCommunication",
            "Resource": "*",
        },
        {
            # An instance that names no option group gets its engine's default one, which must be allowed as well:
            # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/security_iam_id-based-policy-examples-create-and-modify-examples.html
            "Sid": "DefaultOptions",
            "Effect": "Allow",
            "Action": ["rds:CreateDBInstance", "rds:CreateDBInstanceReadReplica", "rds:ModifyDBInstance"],
            "Resource": scope.everywhere("rds", "og:default*"),
        },
        {
            # With the project's tag from the first moment, which the providers' default tags send along.
            "Sid": "MakeNetwork",
            "Effect": "Allow",
            "Action": [f"ec2:{make}" for make in makes],
            "Resource": [scope.everywhere("ec2", f"{kind}/*") for kind in ("vpc", "subnet", "security-group")],
            "Condition": {"StringEquals": {"aws:RequestTag/Project": scope.project}},
        },
        {
            # EC2 asks about the VPC that it is made in as well, which gets no tag by that and may be a given one:
            # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
            "Sid": "MakeInNetwork",
            "Effect": "Allow",
            "Action": ["ec2:CreateSubnet", "ec2:CreateSecurityGroup"],
            "Resource": scope.everywhere("ec2", "vpc/*"),
        },
        {
            # A rule that is tagged when it is made is asked about as well, and has no tag by then; its group is `OwnNetwork`'s:
            # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
            "Sid": "MakeRules",
            "Effect": "Allow",
            "Action": "ec2:AuthorizeSecurityGroupIngress",
            "Resource": scope.everywhere("ec2", "security-group-rule/*"),
            "Condition": {"StringEquals": {"aws:RequestTag/Project": scope.project}},
        },
        {
            # What it makes, and nothing that is there: a tag would make that the site's own.
            "Sid": "TagNetwork",
            "Effect": "Allow",
            "Action": "ec2:CreateTags",
            "Resource": scope.everywhere("ec2", "*"),
            "Condition": {"StringEquals": {"ec2:CreateAction": [*makes, "AuthorizeSecurityGroupIngress"]}},
        },
        {
            "Sid": "OwnNetwork",
            "Effect": "Allow",
            "Action": [f"ec2:{change}" for change in changes],
            "Resource": scope.everywhere("ec2", "*"),
            "Condition": {"StringEquals": {"aws:ResourceTag/Project": scope.project}},
        },
        {
            "Sid": "NeverTheDatabase",
            "Effect": "Deny",
            "Action": "rds:DeleteDB*",
            "Resource": [scope.named("rds", "db:"), scope.named("rds", "snapshot:")],
        },
    )
