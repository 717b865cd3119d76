"""Its one app."""
