"""Sending a release's files to all regions at once: with botocore when they are few, with AWS's native client when they are many.

botocore costs 2 ms of Python a request, which is nothing for a small change and a minute for a large site. awscrt is AWS's own C
client, with botocore's credentials and endpoint (docs/adr/0006-native-transfer.md has what else was measured). Both are told the
MD5 of what they send, and both return the files that S3 says it stored so.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from scripts.release.bucket import ContentBucket
from scripts.release.checked_files import LARGE_BYTES, Confirmed, Progress, Uploads, checked_bytes, opened
from scripts.release.manifest import ReleaseFile

PARALLEL_UPLOADS = 32
"""Small files, so what they wait for is the region: one round trip for a small change."""
NATIVE_FROM_FILES = 200
"""From here on the native client's 0.2 s to start are won back."""


def upload(uploads: Uploads, folder: Path, progress: Progress) -> Confirmed:
    """Sends the files; returns those that S3 has confirmed.

    Raises:
        UnsafePlanError: a file changed since it was planned.
        AwsError: an AWS call failed; what was sent stays and is not sent again.
    """
    small = [(bucket, [file for file in files if file.size_bytes < LARGE_BYTES]) for bucket, files in uploads]
    if sum(len(files) for _, files in small) < NATIVE_FROM_FILES:
        return _upload_with_botocore(uploads, folder, progress)
    from scripts.release.native_transfer import upload_natively  # awscrt takes 0.1 s that a small change should not

    confirmed = upload_natively(small, folder, progress)
    large = [(bucket, [file for file in files if file.size_bytes >= LARGE_BYTES]) for bucket, files in uploads]
    streamed = _upload_with_botocore(large, folder, progress)  # awscrt would hold each of them whole
    return {region: paths | streamed[region] for region, paths in confirmed.items()}


def _upload_with_botocore(uploads: Uploads, folder: Path, progress: Progress) -> Confirmed:
    confirmed: Confirmed = {bucket.region: set() for bucket, _ in uploads}

    def send(bucket: ContentBucket, file: ReleaseFile) -> tuple[str, ReleaseFile, str]:
        if file.is_stamped or file.size_bytes < LARGE_BYTES:
            return bucket.region, file, bucket.put_file(file, checked_bytes(folder, file))
        with opened(folder, file) as stream:
            return bucket.region, file, bucket.put_file(file, stream)

    with ThreadPoolExecutor(PARALLEL_UPLOADS) as pool:
        try:
            jobs = [pool.submit(send, bucket, file) for bucket, files in uploads for file in files]
            for job in as_completed(jobs):
                region, file, md5 = job.result()
                if md5 == file.md5:
                    confirmed[region].add(file.path)
                progress(file.size_bytes)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return confirmed


def not_confirmed(files: Sequence[ReleaseFile], confirmed: Container[str]) -> list[ReleaseFile]:
    """Returns the files of which S3 did not confirm the content."""
    return [file for file in files if file.path not in confirmed]
