"""AWS clients for the gateway, made once a service and region.

botocore, without boto3 and its file transfers, is imported with the first of them: an empty cloud is up half a second earlier.
"""

from functools import cache
from typing import Any

from localcloud.service_models import load_without_documentation


class Clients:
    """A factory of clients that talk to the gateway with the secret of the run; used from the reading thread only."""

    def __init__(self, gateway_url: str, secret: str) -> None:
        self._gateway_url = gateway_url
        self._secret = secret
        self._session = cache(self._make_session)
        self.get = cache(self._make)

    def _make_session(self) -> Any:  # noqa: ANN401  botocore has no types
        from botocore.session import Session

        load_without_documentation()
        session: Any = Session()
        session.set_credentials(self._secret, self._secret, self._secret)
        return session

    def _make(self, service: str, region: str = "us-east-1") -> Any:  # noqa: ANN401  botocore makes clients at run time
        from botocore.config import Config

        # KeyValueStore calls get the account id in front of the host; the gateway serves them as a proxy.
        config = Config(
            retries={"total_max_attempts": 2},
            connect_timeout=2,
            read_timeout=10,
            proxies={"http": self._gateway_url},
            user_agent_extra="localcloud-data-plane",  # faults of control planes spare us: localcloud.gateway.api_faults
            s3={"addressing_style": "path"},
        )
        return self._session().create_client(service, region_name=region, endpoint_url=self._gateway_url, config=config)
