"""Route 53's control plane: public hosted zones, record sets, health checks. Answers no DNS question."""
