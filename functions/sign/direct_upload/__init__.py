"""A request walks one way through these rooms, and never back:

event → settings → authorise → upload → credentials (sts) → post_policy → signature → form → reply

`app` turns an event into a reply, whatever happens on the way; `routes` leads a request through the rooms; `call` is
the invocation that goes along; `tokens` and `content_types` are what settings are made of; `errors` holds every way to
say no; `log` writes what happened.
"""
