"""A request walks one way through these rooms, and never back:

event → settings → authorise → upload → credentials (sts) → post_policy → signature → form → reply

`door` opens once in an instance; `app` turns an event into a reply, whatever happens on the way; `routes` leads a
request through the rooms; `call` is the invocation that goes along; `environment`, `tokens` and `content_types` make up
the settings; `errors` holds every way to say no; `log` writes what happened. `callback` and `ticket` are what a
form takes along for the callback function, which lives in some of these rooms, too, and in `presigned`.
`without_aiohttp` stands around the import of the vendor's SDK.
"""
