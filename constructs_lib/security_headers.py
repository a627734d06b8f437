"""Security headers, the same from CloudFront and from the regional endpoint.

AWS's managed SecurityHeadersPolicy has no Content-Security-Policy, so both sides use these. HSTS without preload and
without subdomains: preload binds the user's whole domain for months (https://hstspreload.org/).
"""

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'; object-src 'none'"
)
HSTS_MAX_AGE_SECONDS = 31_536_000
REFERRER_POLICY = "strict-origin-when-cross-origin"
FRAME_OPTIONS = "SAMEORIGIN"
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=()"


def as_http_headers() -> dict[str, str]:
    """Returns the headers by name, for the regional endpoint."""
    return {
        "content-security-policy": CONTENT_SECURITY_POLICY,
        "strict-transport-security": f"max-age={HSTS_MAX_AGE_SECONDS}",
        "x-content-type-options": "nosniff",
        "x-frame-options": FRAME_OPTIONS,
        "referrer-policy": REFERRER_POLICY,
        "permissions-policy": PERMISSIONS_POLICY,
    }
