"""A SCIM 2.0 service provider: identity providers keep users here, as in any other app.

It exists to be told when one of them is deactivated or deleted. Groups, bulk and
passwords have no use here and are turned away.
"""

from service.scim.discovery import scim

__all__ = ["scim"]
