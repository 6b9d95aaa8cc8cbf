"""A request walks one way through these rooms, and never back:

event → settings → authorise → upload → credentials (sts) → post_policy → signature → form → reply

`app` is the corridor that calls them in order; `errors` holds every way to say no; `log` writes what happened.
"""
