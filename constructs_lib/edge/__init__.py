"""CloudFront: the regional distributions, their policies, the router function, security headers and the firewall.

What a name resolves to belongs into `names`, what lies behind an origin into `content`.
"""
