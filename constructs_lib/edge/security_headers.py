"""Security headers, the same from CloudFront and from the regional endpoint.

AWS's managed SecurityHeadersPolicy has no Content-Security-Policy, so both sides use these. HSTS without preload and
without subdomains unless the site file's `[headers]` asks: preload binds the user's whole domain for months
(https://hstspreload.org/).
"""

from constructs_lib.site_file.security import Headers

HSTS_MAX_AGE_SECONDS = 31_536_000
REFERRER_POLICY = "strict-origin-when-cross-origin"
FRAME_OPTIONS = "SAMEORIGIN"
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=()"


def strict_transport_security(headers: Headers) -> str:
    """Returns the value of the header: https://www.rfc-editor.org/rfc/rfc6797#section-6.1; `preload` is hstspreload.org's."""
    subdomains = "; includeSubDomains" if headers.hsts_include_subdomains else ""
    return f"max-age={HSTS_MAX_AGE_SECONDS}{subdomains}{'; preload' if headers.hsts_preload else ''}"


def as_http_headers(headers: Headers) -> dict[str, str]:
    """Returns the headers by name, for the regional endpoint."""
    return {
        "content-security-policy": headers.content_security_policy,
        "strict-transport-security": strict_transport_security(headers),
        "x-content-type-options": "nosniff",
        "x-frame-options": FRAME_OPTIONS,
        "referrer-policy": REFERRER_POLICY,
        "permissions-policy": PERMISSIONS_POLICY,
    }
