"""A SCIM 2.0 service provider: identity providers keep users here, as in any other app.

It exists to be told when one of them is deactivated or deleted. Groups, bulk and
passwords have no use here and are turned away. Its routes are in ``discovery``, which
loads its library: half a second and 25 MB, for those alone who turn this source on.
"""
