"""CloudFront's control plane: what an edge is configured with. Serves no viewer."""
