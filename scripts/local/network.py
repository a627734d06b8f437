"""The network of the target: a running localcloud's, or this machine's where AWS is meant. Endpoints, and nothing else."""

from __future__ import annotations

from scripts.local.endpoints import Endpoints
from scripts.probe.network import Network
from scripts.probe.resolver import Nameserver


def network_of(endpoints: Endpoints | None) -> Network:
    """Returns where to ask; `endpoints` None means AWS, by the resolvers that this machine uses.

    Raises:
        EnvironmentFailureError: this machine has no resolver configured.
    """
    if endpoints is None:
        return Network(resolvers=_own_resolvers())
    server = Nameserver(address=endpoints.dns.address, port=endpoints.dns.port)
    return Network(
        resolvers=(server,),
        authoritative=server,
        https_port=endpoints.https_port,
        ca_certificate=endpoints.ca_certificate,
        speed=endpoints.speed,
    )


def _own_resolvers() -> tuple[Nameserver, ...]:
    # Imported here: it takes 0.05 s that most commands need not spend.
    import dns.exception
    import dns.resolver

    from scripts.errors import EnvironmentFailureError

    try:
        found = dns.resolver.get_default_resolver().nameservers
    except dns.exception.DNSException as error:
        raise EnvironmentFailureError(
            f"this machine has no resolver ({error}): name one with --resolver ADDRESS"
        ) from error
    return tuple(Nameserver(address=str(each)) for each in found)
