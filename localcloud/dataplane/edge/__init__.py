"""CloudFront's edge: connection to response, one module a stage."""
