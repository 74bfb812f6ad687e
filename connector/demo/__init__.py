"""The scenario the connector is made for, played on two sandbox instances and checked over REST.

It uses the connector as anybody would: as a process with a configuration. It imports nothing of it.
"""
