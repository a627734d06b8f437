"""DynamoDB global tables in front of moto's tables."""
