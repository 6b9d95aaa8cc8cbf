"""A file has arrived: what OSS says of it is verified, and told on.

It stands on the rooms of direct_upload that both functions share: event, environment, errors, log, call, app, ticket,
callback, presigned, signature, credentials.
"""
