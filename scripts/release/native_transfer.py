"""Many uploads with awscrt, AWS's native S3 client (https://awslabs.github.io/aws-crt-python/api/s3.html).

One PUT a file, with its MD5 in Content-MD5, so S3 refuses bytes that are not the planned ones. Endpoint, addressing style and
credentials are botocore's, so the same environment decides where both send to.
"""

from __future__ import annotations

import io
import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from awscrt.auth import AwsCredentialsProvider
from awscrt.http import HttpHeaders, HttpRequest
from awscrt.io import ClientBootstrap, ClientTlsContext, DefaultHostResolver, EventLoopGroup, TlsContextOptions
from awscrt.s3 import S3Client, S3RequestTlsMode, S3RequestType
from botocore.utils import get_environ_proxies
from s3transfer.crt import BotocoreCRTCredentialsWrapper

from scripts.aws.clients import THROTTLED, session, throttled
from scripts.clock import AwsClock
from scripts.errors import AwsError, OpsError, RegionUnavailableError
from scripts.release.bucket import ContentBucket
from scripts.release.checked_files import BAD_DIGESTS, Confirmed, Progress, Uploads, changed, checked_bytes
from scripts.release.manifest import ReleaseFile
from scripts.release.stored_digest import METADATA_NAME, content_md5

if TYPE_CHECKING:
    from awscrt.s3 import S3Request

_REQUESTS_IN_FLIGHT = 96
_BYTES_IN_FLIGHT = 4 * 1024**2
"""In each region. A request holds its file's bytes, so this also bounds memory, and how long nothing is heard on a slow line."""
SILENT_SECONDS = 25.0
"""A region of which no request ended for so long is taken as gone; 4 MB in that time are 1.3 Mbit/s."""
_LOOK_SECONDS = 1.0
_EVENT_LOOP_THREADS = 2
_PART_BYTES = 8 * 1024**2
_THROUGHPUT_GBPS = 1.0
"""What the client sizes its connection pool by; 1 Gbit/s is what a build machine has."""
_SERVER_ERROR = 500
_CODE = re.compile(rb"<Code>([^<]+)</Code>")
_PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy")


def upload_natively(uploads: Uploads, folder: Path, progress: Progress) -> Confirmed:
    """Sends the files; returns those that S3 has confirmed.

    Raises:
        UnsafePlanError: a file changed since it was planned.
        AwsError: an AWS call failed; what was sent stays.
    """
    bootstrap = ClientBootstrap(loops := EventLoopGroup(_EVENT_LOOP_THREADS), DefaultHostResolver(loops))
    with _proxies_as_botocore_has_them(uploads), ThreadPoolExecutor(max(1, len(uploads))) as pool:
        senders = [_RegionSender(bucket, folder, progress, bootstrap) for bucket, _ in uploads]
        try:
            jobs = [pool.submit(sender.send, files) for sender, (_, files) in zip(senders, uploads, strict=True)]
            return {bucket.region: job.result() for (bucket, _), job in zip(uploads, jobs, strict=True)}
        except BaseException:
            for sender in senders:
                sender.cancel()
            raise


@contextmanager
def _proxies_as_botocore_has_them(uploads: Uploads) -> Iterator[None]:
    """Hides proxies from awscrt that botocore would not use: it reads the same variables, but not NO_PROXY as botocore does."""
    urls = [bucket.client.meta.endpoint_url for bucket, _ in uploads]
    hidden = (
        {}
        if any(get_environ_proxies(url) for url in urls)
        else {name: os.environ[name] for name in _PROXIES if name in os.environ}
    )
    for name in hidden:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(hidden)


class _RegionSender:
    """Sends files to one region, a bounded number at a time."""

    def __init__(self, bucket: ContentBucket, folder: Path, progress: Progress, bootstrap: ClientBootstrap) -> None:
        self._bucket = bucket
        self._folder = folder
        self._progress = progress
        # botocore knows endpoint, addressing style and path prefix; a presigned URL shows them.
        url = bucket.client.generate_presigned_url("put_object", Params={"Bucket": bucket.name, "Key": "-"})
        address = urlsplit(url)
        self._host = address.netloc
        self._prefix = address.path.removesuffix("-")
        is_tls = address.scheme == "https"
        self._client = S3Client(
            bootstrap=bootstrap,
            region=bucket.region,
            credential_provider=_credentials(),
            tls_mode=S3RequestTlsMode.ENABLED if is_tls else S3RequestTlsMode.DISABLED,
            tls_connection_options=_tls(self._host) if is_tls else None,
            part_size=_PART_BYTES,
            throughput_target_gbps=_THROUGHPUT_GBPS,
        )
        self._lock = threading.Condition()
        self._requests = 0
        self._bytes = 0
        self._clock = AwsClock()
        self._heard_at_seconds = 0.0
        self._running: set[S3Request] = set()
        self._failure: OpsError | None = None
        self._is_cancelled = False
        self._confirmed: set[str] = set()

    def send(self, files: Sequence[ReleaseFile]) -> set[str]:
        """Sends all files; returns the paths of those that S3 has confirmed, or raises the first failure."""
        for file in files:
            if not self._waits_for(partial(self._has_room, file)):
                break
            self._start(file)
        self._waits_for(lambda: self._requests == 0)
        if self._failure:
            raise self._failure
        return self._confirmed

    def _has_room(self, file: ReleaseFile) -> bool:
        fits = self._bytes + file.size_bytes <= _BYTES_IN_FLIGHT
        return self._requests == 0 or (self._requests < _REQUESTS_IN_FLIGHT and fits)

    def _waits_for(self, is_ready: Callable[[], bool]) -> bool:
        """Waits until something is so; returns False, when all has ended or is given up, after a failure or silence."""
        with self._lock:
            while not is_ready():
                self._lock.wait(_LOOK_SECONDS)
                if self._clock.now_seconds() - self._heard_at_seconds > SILENT_SECONDS:
                    self._failure = self._failure or self._silence()
                    break
            is_over = self._failure is not None or self._is_cancelled
        if is_over:
            self.cancel()
        return not is_over

    def _silence(self) -> RegionUnavailableError:
        return RegionUnavailableError(
            region=self._bucket.region,
            operation="PutObject",
            resource=self._bucket.name,
            code="Silent",
            detail=f"no request of {self._requests} ended for {SILENT_SECONDS:.0f} s",
        )

    def cancel(self) -> None:
        """Ends what is under way and starts nothing more."""
        self._is_cancelled = True
        with self._lock:
            running = list(self._running)
        for request in running:
            request.cancel()

    def _start(self, file: ReleaseFile) -> None:
        with self._lock:
            if self._requests == 0:
                self._heard_at_seconds = self._clock.now_seconds()
            self._requests += 1
            self._bytes += file.size_bytes
        try:
            body = checked_bytes(self._folder, file) if file.is_stamped else None
        except (OpsError, OSError) as error:
            self._finish(file, None, error if isinstance(error, OpsError) else changed(file.path))
            return
        request = HttpRequest(
            "PUT",
            f"{self._prefix}{quote(file.key, safe='/~')}",
            self._headers(file),
            None if body is None else io.BytesIO(body),
        )

        def on_done(
            error: Exception | None, error_body: bytes | None = None, status_code: int | None = None, **_: object
        ) -> None:
            if error is None:
                self._confirmed.add(file.path)  # S3 took it with this Content-MD5
                self._progress(file.size_bytes)
            problem = None if error is None else self._problem(file, error, error_body, status_code)
            self._finish(file, started.pop() if started else None, problem)

        started: list[S3Request] = []
        try:
            made = self._client.make_request(
                type=S3RequestType.DEFAULT,
                operation_name="PutObject",
                request=request,
                send_filepath=None if body is not None else str(self._folder / file.source_path),
                on_done=on_done,
            )
        except RuntimeError as error:  # awscrt opens the file before it sends anything
            self._finish(file, None, self._problem(file, error, None, 0))
            return
        with self._lock:
            if not made.finished_future.done():
                self._running.add(made)
                started.append(made)

    def _headers(self, file: ReleaseFile) -> HttpHeaders:
        encoding = [("content-encoding", file.content_encoding)] if file.content_encoding else []
        return HttpHeaders(
            [
                *encoding,
                ("host", self._host),
                ("content-length", str(file.size_bytes)),
                ("content-md5", content_md5(file.md5)),
                ("content-type", file.content_type),
                ("cache-control", file.cache_control),
                ("x-amz-meta-release", file.increment),
                (f"x-amz-meta-{METADATA_NAME}", file.md5),
            ]
        )

    def _finish(self, file: ReleaseFile, request: S3Request | None, failure: OpsError | None) -> None:
        with self._lock:
            if request is not None:
                self._running.discard(request)
            self._failure = self._failure or failure
            self._heard_at_seconds = self._clock.now_seconds()
            self._requests -= 1
            self._bytes -= file.size_bytes
            self._lock.notify_all()

    def _problem(self, file: ReleaseFile, error: Exception, body: bytes | None, status: int | None) -> OpsError:
        found = _CODE.search(body or b"")
        code = found.group(1).decode("ascii", "replace") if found else getattr(error, "name", type(error).__name__)
        if code in BAD_DIGESTS or not self._is_as_planned(file):
            return changed(file.path)
        details = {
            "operation": "PutObject",
            "resource": f"{self._bucket.name}/{file.key}",
            "code": code,
            "detail": str(error),
        }
        if code in THROTTLED:
            return throttled(details["operation"], details["resource"], code)
        if status is None or status == 0 or status >= _SERVER_ERROR:
            return RegionUnavailableError(region=self._bucket.region, **details)
        return AwsError(**details)

    def _is_as_planned(self, file: ReleaseFile) -> bool:
        """Whether the file still has its size; a page that is stamped was read whole before it was sent."""
        if file.is_stamped:
            return True
        try:
            return (self._folder / file.source_path).stat().st_size == file.size_bytes
        except OSError:
            return False


def _credentials() -> AwsCredentialsProvider:
    """Returns the clients' credentials, refreshed by botocore when they expire."""
    credentials: Any = session().get_credentials()
    provider: AwsCredentialsProvider = BotocoreCRTCredentialsWrapper(credentials).to_crt_credentials_provider()
    return provider


def _tls(host: str) -> Any:  # noqa: ANN401  (awscrt has no types)
    """Returns TLS options; AWS_CA_BUNDLE replaces the system's roots, as it does for botocore."""
    options = TlsContextOptions()
    bundle = os.environ.get("AWS_CA_BUNDLE")
    if bundle:
        options.override_default_trust_store_from_path(None, bundle)
    connection = ClientTlsContext(options).new_connection_options()
    connection.set_server_name(host.partition(":")[0])
    return connection
