"""Order Management: reading orders whole, noting on domain orders, reopening them. Never approves, never closes."""
