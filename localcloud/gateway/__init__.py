"""localcloud's control plane: one HTTP endpoint that answers AWS API calls.

Own handlers (CloudFront, KeyValueStore, Route 53, ACM, API Gateway domain names, parts of S3 and Lambda) stand in
front of moto. The data plane reaches everything here through AWS APIs and the control API, never by import.
"""
