"""`make link`: upload links, one or one for each of many people, with QR codes."""
