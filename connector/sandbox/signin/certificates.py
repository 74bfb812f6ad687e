"""Mutual TLS: the fingerprint of the client's certificate, which the door has checked, is mapped to a user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.messages import Headers, Response

if TYPE_CHECKING:
    from connector.sandbox.instance import Instance
    from connector.sandbox.messages import Request
    from connector.sandbox.people import User


def by_certificate(instance: Instance, request: Request) -> User | None:
    if not (instance.switches["mutual_tls"] and instance.switches["adc_supports_tls"]):
        return None
    return instance.users.get(instance.certificates.get(request.certificate, ""))


def supports_tls(instance: Instance, _request: Request) -> Response:
    """`/adcv2/supports_tls`: whether the load balancer before this instance asks clients for certificates."""
    text = "true" if instance.switches["adc_supports_tls"] else "false"
    return Response(200, Headers([("Content-Type", "text/plain")]), text.encode())
