"""ServiceNow clients of other people, unmodified, over HTTPS. Where the sandbox answers wrongly, they stumble."""
