"""Looks only: templates and CSS, no Python."""
