"""What the tests of the stand-in for STS share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.sts_world import Account, Call


@pytest.fixture
def account() -> Iterator[Account]:
    """Yields a running stand-in; it must have nothing to complain of at the end."""
    account = Account()
    with account.sts:
        yield account
    account.sts.check()


@pytest.fixture
def call(account: Account) -> Call:
    """Returns a call that would be granted."""
    return Call(account)
