"""The signing function. A request goes one way:

event → app → routes → authorize → upload → credential_cache (sts) → post_policy → signature → form → app → response

`settings`, with `tokens` and `content_types`, is read once in an instance. `routes` takes a request through the steps,
`multipart_routes` one about an upload in parts. `errors` has all the errors of this function.
"""
