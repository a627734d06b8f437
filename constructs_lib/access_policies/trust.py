"""Who may take the roles."""

from collections.abc import Sequence

from constructs_lib.policies import PolicyDocument, document

GITHUB_ISSUER = "token.actions.githubusercontent.com"
GITHUB_AUDIENCE = "sts.amazonaws.com"


def github_trust(provider_arn: str, *, subjects: Sequence[str], suffixes: Sequence[str]) -> PolicyDocument:
    """Returns the trust policy of a role for workflow runs whose token's subject is a subject and a suffix, exactly.

    https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws
    """
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Federated": provider_arn},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {
                    f"{GITHUB_ISSUER}:aud": GITHUB_AUDIENCE,
                    f"{GITHUB_ISSUER}:sub": [
                        f"{subject}:{suffix}" for subject in sorted(subjects) for suffix in suffixes
                    ],
                }
            },
        }
    )
