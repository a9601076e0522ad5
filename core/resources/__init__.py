"""What a resource is: its fields, queries, forms, search, import and export."""
