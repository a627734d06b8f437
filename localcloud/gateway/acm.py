"""ACM: public certificates with DNS validation, in every region. Hands out no key material.

A certificate is issued when each of its validation CNAMEs is in a hosted zone of the account, unless CAA records forbid it:
https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html and .../setup-caa.html
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from localcloud.gateway.certificate_bodies import imported_names, stand_in
from localcloud.gateway.clock import utc_now
from localcloud.gateway.errors import ServiceError, UnsupportedResource
from localcloud.gateway.identifiers import ACCOUNT_ID, random_uuid
from localcloud.gateway.route53.store import Route53Store
from localcloud.gateway.wire import JsonObject, Request, Response, json_response

TARGET_PREFIX = "CertificateManager."
ISSUE_DELAY_SECONDS = 1.0
"""AWS seconds between the last validation record and ISSUED; AWS takes minutes, nobody waits for that here."""

MAXIMUM_NAMES = 10
"""Default quota of names on a certificate: https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html"""

AMAZON_AUTHORITIES = {"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"}
"""One of these in a CAA record lets ACM issue: https://docs.aws.amazon.com/acm/latest/userguide/setup-caa.html"""

CAA_PATTERN = re.compile(r'\s*\d+\s+(issue|issuewild)\s+"?\s*([^";\s]*)', re.IGNORECASE)
VALIDITY = timedelta(days=198)
DOMAIN_PATTERN = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
DEFAULT_OPTIONS = {"CertificateTransparencyLoggingPreference": "ENABLED", "Export": "DISABLED"}


@dataclass(slots=True, kw_only=True)
class Certificate:
    """A requested certificate. `names` starts with the domain name."""

    arn: str
    region: str
    names: tuple[str, ...]
    key_algorithm: str
    options: JsonObject
    tags: dict[str, str]
    created_at: datetime = field(default_factory=utc_now)
    issued_at: datetime | None = None
    is_refused_by_caa: bool = False
    is_imported: bool = False
    body: str | None = None
    chain: str | None = None

    def covers(self, name: str) -> bool:
        """Return whether the certificate is valid for a name; a wildcard covers one level (RFC 6125 6.4.3)."""
        candidate = name.lower()
        return bool({candidate, f"*.{candidate.partition('.')[2]}"} & set(self.names))


@dataclass(frozen=True, slots=True)
class ValidationRecord:
    """The CNAME that proves control of a domain: the same for one account and domain, in every region."""

    name: str
    value: str


def validation_record(domain: str) -> ValidationRecord:
    """Return the CNAME of a domain; `*.example.com` shares the one of `example.com`."""
    base = domain.removeprefix("*.")
    digest = hashlib.sha256(f"{ACCOUNT_ID} {base}".encode()).hexdigest()
    return ValidationRecord(
        name=f"_{digest[:32]}.{base}.", value=f"_{digest[32:]}.{digest[10:20]}.acm-validations.aws."
    )


class CertificateStore:
    """The account's certificates, over all regions."""

    STATE: ClassVar[tuple[str, ...]] = ("certificates", "arns_by_token")

    def __init__(self, records: Route53Store) -> None:
        self.lock = records.lock
        self._records = records
        self.certificates: dict[str, Certificate] = {}
        self.arns_by_token: dict[tuple[str, str], str] = {}
        self.users_of: list[Callable[[str], list[str]]] = []
        """Each returns the ARNs of what uses a certificate; services add theirs."""

    def is_issued(self, certificate: Certificate) -> bool:
        """Return whether the certificate is issued, and note it when its records have become complete.

        A request that CAA records forbid fails then, for good.
        """
        with self.lock:
            is_open = certificate.issued_at is None and not certificate.is_refused_by_caa
            if is_open and all(map(self.is_validated, certificate.names)):
                if all(map(self._is_allowed_by_caa, certificate.names)):
                    certificate.issued_at = utc_now()
                else:
                    certificate.is_refused_by_caa = True
            return certificate.issued_at is not None

    def _is_allowed_by_caa(self, name: str) -> bool:
        """Whether the CAA records let Amazon issue; issuewild goes before issue for a wildcard (RFC 8659, section 4.3)."""
        matches = [
            match for value in self._records.caa_values(name.removeprefix("*.")) if (match := CAA_PATTERN.match(value))
        ]
        by_tag = {
            tag: {match[2].lower() for match in matches if match[1].lower() == tag} for tag in ("issue", "issuewild")
        }
        authorities = (by_tag["issuewild"] if name.startswith("*.") else set()) or by_tag["issue"]
        return not authorities or bool(authorities & AMAZON_AUTHORITIES)

    def is_validated(self, domain: str) -> bool:
        """Return whether the domain's CNAME has been in a hosted zone for long enough."""
        record = validation_record(domain)
        age_seconds = self._records.cname_age_seconds(record.name, record.value)
        return age_seconds is not None and age_seconds >= ISSUE_DELAY_SECONDS

    def usable(self, arn: str, region: str) -> Certificate | None:
        """Return an issued certificate of a region, or None."""
        certificate = self.certificates.get(arn)
        if certificate is None or certificate.region != region or not self.is_issued(certificate):
            return None
        return certificate


class AcmService:
    """Answers ACM requests."""

    def __init__(self, store: CertificateStore) -> None:
        self._store = store
        self._operations: dict[str, Callable[[JsonObject, str], JsonObject]] = {
            "RequestCertificate": self._request,
            "DescribeCertificate": self._describe,
            "ListCertificates": self._list,
            "DeleteCertificate": self._delete,
            "ListTagsForCertificate": self._list_tags,
            "AddTagsToCertificate": self._add_tags,
            "RemoveTagsFromCertificate": self._remove_tags,
            "UpdateCertificateOptions": self._update_options,
            "GetCertificate": self._get,
            "ImportCertificate": self._import,
        }

    def handle(self, request: Request, region: str) -> Response:
        """Answer one JSON 1.1 request made in a region."""
        name = (request.header("X-Amz-Target") or "").removeprefix(TARGET_PREFIX)
        try:
            operation = self._operations.get(name)
            if operation is None:
                raise UnsupportedResource(f"acm {name}")
            with self._store.lock:
                document = operation(request.json(), region)
        except ServiceError as error:
            refusal = {"__type": error.code, "message": error.message}
            return json_response(refusal, status=error.status, headers={"x-amzn-ErrorType": error.code})
        return json_response(document, headers={"Content-Type": "application/x-amz-json-1.1"})

    def _request(self, asked: JsonObject, region: str) -> JsonObject:
        if asked.get("CertificateAuthorityArn") or asked.get("ValidationMethod", "DNS") != "DNS":
            raise UnsupportedResource("private certificates and e-mail validation")
        token = (region, str(asked.get("IdempotencyToken") or random_uuid()))
        if (known := self._store.arns_by_token.get(token)) in self._store.certificates:
            return {"CertificateArn": known}
        names = tuple(
            dict.fromkeys(name.lower() for name in [asked["DomainName"], *(asked.get("SubjectAlternativeNames") or [])])
        )
        _check_names(names)
        certificate = Certificate(
            arn=f"arn:aws:acm:{region}:{ACCOUNT_ID}:certificate/{random_uuid()}",
            region=region,
            names=names,
            key_algorithm=str(asked.get("KeyAlgorithm") or "RSA_2048"),
            options=DEFAULT_OPTIONS | (asked.get("Options") or {}),
            tags={tag["Key"]: tag.get("Value", "") for tag in asked.get("Tags") or []},
        )
        self._store.certificates[certificate.arn] = certificate
        self._store.arns_by_token[token] = certificate.arn
        return {"CertificateArn": certificate.arn}

    def _find(self, asked: JsonObject, region: str) -> Certificate:
        arn = str(asked.get("CertificateArn"))
        certificate = self._store.certificates.get(arn)
        if certificate is None or certificate.region != region:
            raise ServiceError(400, "ResourceNotFoundException", f"Could not find certificate {arn}.")
        return certificate

    def _users(self, certificate: Certificate) -> list[str]:
        return [user for users_of in self._store.users_of for user in users_of(certificate.arn)]

    def _describe(self, asked: JsonObject, region: str) -> JsonObject:
        certificate = self._find(asked, region)
        is_issued = self._store.is_issued(certificate)
        detail = {
            **self._summary(certificate),
            "Subject": f"CN={certificate.names[0]}",
            "Issuer": "localcloud" if certificate.is_imported else "Amazon",
            "InUseBy": self._users(certificate),
            "SubjectAlternativeNames": list(certificate.names),
            "DomainValidationOptions": []
            if certificate.is_imported
            else [self._validation_option(name, is_issued=is_issued) for name in certificate.names],
            "SignatureAlgorithm": "SHA256WITHRSA",
            "KeyUsages": [],
            "ExtendedKeyUsages": [],
            "Options": certificate.options,
        }
        if certificate.is_refused_by_caa:
            detail["FailureReason"] = "CAA_ERROR"
        return {"Certificate": detail}

    def _validation_option(self, name: str, *, is_issued: bool) -> JsonObject:
        record = validation_record(name)
        is_success = is_issued or self._store.is_validated(name)
        return {
            "DomainName": name,
            "ValidationDomain": name,
            "ValidationStatus": "SUCCESS" if is_success else "PENDING_VALIDATION",
            "ValidationMethod": "DNS",
            "ResourceRecord": {"Name": record.name, "Type": "CNAME", "Value": record.value},
        }

    def _summary(self, certificate: Certificate) -> JsonObject:
        is_issued = self._store.is_issued(certificate)
        summary: JsonObject = {
            "CertificateArn": certificate.arn,
            "DomainName": certificate.names[0],
            "SubjectAlternativeNameSummaries": list(certificate.names),
            "Status": "ISSUED" if is_issued else "FAILED" if certificate.is_refused_by_caa else "PENDING_VALIDATION",
            "Type": "IMPORTED" if certificate.is_imported else "AMAZON_ISSUED",
            "KeyAlgorithm": certificate.key_algorithm,
            "RenewalEligibility": "ELIGIBLE" if is_issued and not certificate.is_imported else "INELIGIBLE",
            "InUse": bool(self._users(certificate)),
            "CreatedAt": certificate.created_at.timestamp(),
        }
        if certificate.issued_at is not None:
            summary["ImportedAt" if certificate.is_imported else "IssuedAt"] = summary["NotBefore"] = (
                certificate.issued_at.timestamp()
            )
            summary["NotAfter"] = (certificate.issued_at + VALIDITY).timestamp()
        return summary

    def _list(self, asked: JsonObject, region: str) -> JsonObject:
        statuses = asked.get("CertificateStatuses")
        key_types = (asked.get("Includes") or {}).get("keyTypes")
        summaries = [
            self._summary(certificate)
            for certificate in self._store.certificates.values()
            if certificate.region == region and (not key_types or certificate.key_algorithm in key_types)
        ]
        return {
            "CertificateSummaryList": [
                summary for summary in summaries if not statuses or summary["Status"] in statuses
            ]
        }

    def _delete(self, asked: JsonObject, region: str) -> JsonObject:
        certificate = self._find(asked, region)
        if users := self._users(certificate):
            message = f"Certificate {certificate.arn} in account {ACCOUNT_ID} is in use by {', '.join(users)}."
            raise ServiceError(400, "ResourceInUseException", message)
        del self._store.certificates[certificate.arn]
        return {}

    def _get(self, asked: JsonObject, region: str) -> JsonObject:
        """GetCertificate: of a certificate that was requested, a stand-in of its own with its names; its key is nowhere.

        https://docs.aws.amazon.com/acm/latest/APIReference/API_GetCertificate.html
        """
        certificate = self._find(asked, region)
        if not self._store.is_issued(certificate):
            message = f"Certificate {certificate.arn} is not issued yet, its status is PENDING_VALIDATION"
            raise ServiceError(400, "RequestInProgressException", message)
        if certificate.body is None:
            certificate.body, certificate.chain = stand_in(certificate.names)
        return {
            "Certificate": certificate.body,
            **({"CertificateChain": certificate.chain} if certificate.chain else {}),
        }

    def _import(self, asked: JsonObject, region: str) -> JsonObject:
        """ImportCertificate, also over an imported one.

        https://docs.aws.amazon.com/acm/latest/APIReference/API_ImportCertificate.html
        """
        body, chain = (_pem(asked.get(field)) for field in ("Certificate", "CertificateChain"))
        names = imported_names(body or "", _pem(asked.get("PrivateKey")) or "")
        arn = asked.get("CertificateArn")
        if arn is None:
            certificate = Certificate(
                arn=f"arn:aws:acm:{region}:{ACCOUNT_ID}:certificate/{random_uuid()}",
                region=region,
                names=names,
                key_algorithm="RSA_2048",
                options=dict(DEFAULT_OPTIONS),
                tags={tag["Key"]: tag.get("Value", "") for tag in asked.get("Tags") or []},
                is_imported=True,
            )
            self._store.certificates[certificate.arn] = certificate
        else:
            certificate = self._find(asked, region)
            if not certificate.is_imported:
                raise ServiceError(400, "ValidationException", f"{arn} was requested, so it cannot be imported over")
        certificate.names, certificate.body, certificate.chain = names, body, chain
        certificate.issued_at = utc_now()
        return {"CertificateArn": certificate.arn}

    def _list_tags(self, asked: JsonObject, region: str) -> JsonObject:
        tags = self._find(asked, region).tags
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _add_tags(self, asked: JsonObject, region: str) -> JsonObject:
        self._find(asked, region).tags.update({tag["Key"]: tag.get("Value", "") for tag in asked["Tags"]})
        return {}

    def _remove_tags(self, asked: JsonObject, region: str) -> JsonObject:
        tags = self._find(asked, region).tags
        for tag in asked["Tags"]:
            tags.pop(tag["Key"], None)
        return {}

    def _update_options(self, asked: JsonObject, region: str) -> JsonObject:
        self._find(asked, region).options.update(asked.get("Options") or {})
        return {}


def _pem(sent: str | None) -> str | None:
    return None if sent is None else base64.b64decode(sent).decode(errors="replace")


def _check_names(names: tuple[str, ...]) -> None:
    for name in names:
        if not DOMAIN_PATTERN.fullmatch(name):
            raise ServiceError(400, "ValidationException", f"Domain name '{name}' is not valid.")
    if len(names) > MAXIMUM_NAMES:
        message = f"The certificate has {len(names)} names; at most {MAXIMUM_NAMES} are allowed."
        raise ServiceError(400, "LimitExceededException", message)
