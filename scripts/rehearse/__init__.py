"""Rehearse anybody's Terraform of S3, CloudFront and Route 53: applied to a localcloud of its own, broken, and measured.

The folder that is given is never written to, and neither its state nor its account is touched: all work is on a copy whose
providers and backend are replaced.
"""
