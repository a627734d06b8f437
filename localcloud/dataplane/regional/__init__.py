"""Regional endpoints: API Gateway custom domains in front of Lambda functions, whose own handlers run."""
