"""What the functions and OSS say to each other: signatures, presigned URLs, callbacks, tickets. Opens no socket."""
