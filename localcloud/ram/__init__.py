"""The stand-in for RAM: identities, and what policies allow them."""
