"""Signing in with an identity provider: OpenID Connect, code flow with PKCE.

Authlib builds the requests and judges an ID token's claims, joserfc its signature; here
is what they leave to their caller: which answers are waited for, how long and how
large, which keys count, and what is kept. It knows no page. Authlib is an extra, so
nothing of it is imported before somebody signs in.
"""
