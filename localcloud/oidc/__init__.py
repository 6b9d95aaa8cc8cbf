"""The stand-in for an identity provider (OpenID Connect)."""
