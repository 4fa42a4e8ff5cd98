"""A small service on the store: layers without personal data, decisions as a dry run, health, and the map page."""
