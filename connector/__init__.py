"""om-fsm-connector: keeps ServiceNow Order Management and Field Service Management in step."""

__version__ = "0.1.0"
