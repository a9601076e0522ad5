"""People, permission, database, storage and hooks: the floor that knows no business and no web."""
