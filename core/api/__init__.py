"""REST over every declared resource, and its OpenAPI description."""
