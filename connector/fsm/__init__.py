"""Field Service: finding, creating, updating and canceling work orders. Never deletes, never forces a closed state."""
