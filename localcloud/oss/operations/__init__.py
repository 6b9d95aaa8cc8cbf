"""The operations of OSS, one module each, named as OSS names them. `server.py` has the table that finds them."""
