"""What every business record gets for free, and what an installation starts with."""
