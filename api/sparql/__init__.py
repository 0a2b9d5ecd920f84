"""The endpoint's parts: reading a request of the protocol, answering it, describing the service."""
