"""The callback function: verifies what OSS says about a stored file, logs it, and notifies the webhook.

A request goes one way: event → app → routes → callback_signature → stored_object → content_check → webhook → app
→ response
"""
