"""Pages of HTML: their texts, tables, charts, and how a browser takes them."""
