"""DNSSEC of hosted zones: key-signing keys and signing on or off. The control plane only: localcloud's DNS answers stay unsigned.

https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateKeySigningKey.html and its neighbours.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from xml.etree.ElementTree import Element

import dns.dnssec
import dns.name
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from dns.dnssectypes import Algorithm, DSDigest
from dns.rdtypes.ANY.DNSKEY import DNSKEY

from localcloud.gateway.clock import rfc3339, utc_now
from localcloud.gateway.errors import ServiceError
from localcloud.gateway.rest_routes import Parameters, Route, route
from localcloud.gateway.route53.hosted_zones import BASE_URL, HostedZones, pending_change, xml_response
from localcloud.gateway.route53.store import Route53Store
from localcloud.gateway.wire import Request, Response
from localcloud.gateway.xml_tree import element, parse_xml, renamed_copy, text_element

MAXIMUM_KEYS = 2
"""Route53/latest/DeveloperGuide/dns-configuring-dnssec-ksk.html: a zone has at most two key-signing keys."""

KEY_NAME = re.compile(r"[a-zA-Z0-9_]{3,128}")
ACTIVE, INACTIVE = "ACTIVE", "INACTIVE"

SIGNING_ALGORITHM, SIGNING_MNEMONIC = 13, "ECDSAP256SHA256"
DIGEST_ALGORITHM, DIGEST_MNEMONIC = 2, "SHA-256"
SECURE_ENTRY_POINT, PROTOCOL = 257, 3
"""RFC 4034, section 2.1."""

SigningKeys = Callable[[str], EllipticCurvePublicKey | None]


@dataclass(slots=True, kw_only=True)
class KeySigningKey:
    """A key-signing key of one zone, backed by a key in KMS."""

    name: str
    kms_arn: str
    public_key: EllipticCurvePublicKey
    status: str
    created_at: datetime = field(default_factory=utc_now)

    def dnskey(self) -> DNSKEY:
        """Return its DNSKEY record (RFC 6605, section 4)."""
        algorithm = Algorithm.ECDSAP256SHA256
        return dns.dnssec.make_dnskey(self.public_key, algorithm, flags=SECURE_ENTRY_POINT, protocol=PROTOCOL)


class Dnssec:
    """Operations on key-signing keys and on signing."""

    STATE: ClassVar[tuple[str, ...]] = ("_keys", "_signing")

    def __init__(self, store: Route53Store, zones: HostedZones, signing_key: SigningKeys) -> None:
        """Make it; `signing_key` gives the public half of an enabled us-east-1 ECC_NIST_P256 key for signing, by ARN."""
        self._store = store
        self._zones = zones
        self._signing_key = signing_key
        self._keys: dict[str, dict[str, KeySigningKey]] = {}
        self._signing: set[str] = set()

    def routes(self, prefix: str) -> list[Route]:
        """Return the operations."""
        key = f"{prefix}/keysigningkey/{{HostedZoneId}}/{{Name}}"
        return [
            route("POST", f"{prefix}/keysigningkey", self.create_key),
            route("POST", f"{key}/activate", self.activate_key),
            route("POST", f"{key}/deactivate", self.deactivate_key),
            route("DELETE", key, self.delete_key),
            route("GET", f"{prefix}/hostedzone/{{Id}}/dnssec", self.get),
            route("POST", f"{prefix}/hostedzone/{{Id}}/enable-dnssec", self.enable),
            route("POST", f"{prefix}/hostedzone/{{Id}}/disable-dnssec", self.disable),
        ]

    def create_key(self, request: Request, _: Parameters) -> Response:
        """CreateKeySigningKey."""
        root = parse_xml(request.body)
        name, status = root.findtext("Name") or "", root.findtext("Status") or ""
        arn = root.findtext("KeyManagementServiceArn") or ""
        if not KEY_NAME.fullmatch(name):
            message = f"The key-signing key (KSK) name that you specified isn't a valid name: {name}"
            raise ServiceError(400, "InvalidKeySigningKeyName", message)
        if status not in (ACTIVE, INACTIVE):
            raise ServiceError(400, "InvalidKeySigningKeyStatus", f"Status is {status}, but must be ACTIVE or INACTIVE")
        public_key = self._signing_key(arn)
        if public_key is None:
            message = f"The KeyManagementServiceArn that you specified isn't valid to use with DNSSEC signing: {arn}"
            raise ServiceError(400, "InvalidKMSArn", message)
        with self._store.lock:
            zone = self._zones.zone(root.findtext("HostedZoneId") or "")
            keys = self._keys.setdefault(zone.id, {})
            if name in keys:
                message = f"You've already created a key-signing key (KSK) with this name: {name}"
                raise ServiceError(409, "KeySigningKeyAlreadyExists", message)
            if len(keys) == MAXIMUM_KEYS:
                raise ServiceError(400, "TooManyKeySigningKeys", f"A hosted zone has at most {MAXIMUM_KEYS} KSKs")
            keys[name] = KeySigningKey(name=name, kms_arn=arn, public_key=public_key, status=status)
            change = pending_change(request, self._store, self._store.change())
            answer = element("CreateKeySigningKeyResponse", *change, _key_xml(keys[name], zone.name))
        return xml_response(answer, status=201, location=f"{BASE_URL}/keysigningkey/{zone.id}/{name}")

    def activate_key(self, request: Request, parameters: Parameters) -> Response:
        """ActivateKeySigningKey."""
        with self._store.lock:
            self._key(parameters).status = ACTIVE
        return self._changed("ActivateKeySigningKeyResponse", request)

    def deactivate_key(self, request: Request, parameters: Parameters) -> Response:
        """DeactivateKeySigningKey: not the last active one of a zone that is signed."""
        with self._store.lock:
            key, zone_id = self._key(parameters), self._zones.zone(parameters["HostedZoneId"]).id
            others = [other for other in self._keys[zone_id].values() if other is not key and other.status == ACTIVE]
            if zone_id in self._signing and not others:
                message = "The key-signing key (KSK) that you specified can't be deactivated because it's in use"
                raise ServiceError(400, "KeySigningKeyInUse", message)
            key.status = INACTIVE
        return self._changed("DeactivateKeySigningKeyResponse", request)

    def delete_key(self, request: Request, parameters: Parameters) -> Response:
        """DeleteKeySigningKey: an inactive one."""
        with self._store.lock:
            key = self._key(parameters)
            if key.status != INACTIVE:
                message = f"The key-signing key (KSK) status isn't valid: {key.name} is {key.status}, not INACTIVE"
                raise ServiceError(400, "InvalidKeySigningKeyStatus", message)
            del self._keys[self._zones.zone(parameters["HostedZoneId"]).id][key.name]
        return self._changed("DeleteKeySigningKeyResponse", request)

    def get(self, _: Request, parameters: Parameters) -> Response:
        """GetDNSSEC."""
        with self._store.lock:
            zone = self._zones.zone(parameters["Id"])
            state = "SIGNING" if zone.id in self._signing else "NOT_SIGNING"
            # The API model gives this list's elements no name of their own, so they are `member`.
            keys = [renamed_copy(_key_xml(key, zone.name), "member") for key in self._keys.get(zone.id, {}).values()]
        status = element("Status", text_element("ServeSignature", state))
        return xml_response(element("GetDNSSECResponse", status, element("KeySigningKeys", *keys)))

    def enable(self, request: Request, parameters: Parameters) -> Response:
        """EnableHostedZoneDNSSEC: the zone needs an active key."""
        with self._store.lock:
            zone_id = self._zones.zone(parameters["Id"]).id
            if not any(key.status == ACTIVE for key in self._keys.get(zone_id, {}).values()):
                message = "A key-signing key (KSK) with ACTIVE status wasn't found."
                raise ServiceError(400, "KeySigningKeyWithActiveStatusNotFound", message)
            self._signing.add(zone_id)
        return self._changed("EnableHostedZoneDNSSECResponse", request)

    def disable(self, request: Request, parameters: Parameters) -> Response:
        """DisableHostedZoneDNSSEC."""
        with self._store.lock:
            zone_id = self._zones.zone(parameters["Id"]).id
            if zone_id not in self._signing:
                raise ServiceError(400, "DNSSECNotFound", "The hosted zone doesn't have any DNSSEC resources.")
            self._signing.remove(zone_id)
        return self._changed("DisableHostedZoneDNSSECResponse", request)

    def _key(self, parameters: Parameters) -> KeySigningKey:
        zone_id, name = self._zones.zone(parameters["HostedZoneId"]).id, parameters["Name"]
        key = self._keys.get(zone_id, {}).get(name)
        if key is None:
            raise ServiceError(404, "NoSuchKeySigningKey", f"The specified key-signing key (KSK) doesn't exist: {name}")
        return key

    def _changed(self, tag: str, request: Request) -> Response:
        return xml_response(element(tag, *pending_change(request, self._store, self._store.change())))


def _key_xml(key: KeySigningKey, zone_name: str) -> Element:
    """Return a key with the records that Route 53 computes from it."""
    record = key.dnskey()
    tag = dns.dnssec.key_id(record)
    digest = dns.dnssec.make_ds(dns.name.from_text(zone_name), record, DSDigest.SHA256).digest.hex().upper()
    public_key = base64.b64encode(record.key).decode()
    return element(
        "KeySigningKey",
        text_element("Name", key.name),
        text_element("KmsArn", key.kms_arn),
        text_element("Flag", SECURE_ENTRY_POINT),
        text_element("SigningAlgorithmMnemonic", SIGNING_MNEMONIC),
        text_element("SigningAlgorithmType", SIGNING_ALGORITHM),
        text_element("DigestAlgorithmMnemonic", DIGEST_MNEMONIC),
        text_element("DigestAlgorithmType", DIGEST_ALGORITHM),
        text_element("KeyTag", tag),
        text_element("DigestValue", digest),
        text_element("PublicKey", public_key),
        text_element("DSRecord", f"{tag} {SIGNING_ALGORITHM} {DIGEST_ALGORITHM} {digest}"),
        text_element("DNSKEYRecord", f"{SECURE_ENTRY_POINT} {PROTOCOL} {SIGNING_ALGORITHM} {public_key}"),
        text_element("Status", key.status),
        text_element("CreatedDate", rfc3339(key.created_at)),
        text_element("LastModifiedDate", rfc3339(key.created_at)),
    )
