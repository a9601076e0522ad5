"""The pages of the platform itself, one screen a file; each file offers `routes(platform)`."""
