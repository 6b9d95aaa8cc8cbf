"""Tests tickets: signed for one purpose with one secret, and refused if anything about them is different."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given as given_random
from hypothesis import strategies as st

from oss_protocol.ticket import sign, verify
from support.factories import NOON
from support.tickets import SECRET, sign_ticket
from support.tokens import new_secret

FOREIGN = "not a ticket of this service"
CLAIMS = {"key": "uploads/anonymous/1.png", "size": 7, "end": NOON + 60}


def test_a_ticket_is_its_claims_and_their_mac() -> None:
    assert sign(CLAIMS, "callback", SECRET) == sign_ticket(CLAIMS)


def test_an_opened_ticket_gives_its_claims() -> None:
    assert verify(sign_ticket(CLAIMS), "callback", (SECRET,), NOON) == CLAIMS


def test_a_ticket_of_the_secret_that_is_being_replaced_opens() -> None:
    assert verify(sign_ticket(CLAIMS), "callback", (new_secret(), SECRET), NOON) == CLAIMS


@pytest.mark.parametrize(
    ("ticket", "fault"),
    [
        ("", FOREIGN),
        (".", FOREIGN),
        (sign_ticket(CLAIMS, purpose="multipart"), FOREIGN),
        (sign_ticket(CLAIMS, secret=new_secret()), FOREIGN),
        (sign_ticket(CLAIMS | {"end": NOON}), "the ticket has expired"),
        (sign_ticket(CLAIMS) + "=", FOREIGN),
        (sign_ticket(CLAIMS)[:-1], FOREIGN),
        (sign_ticket(CLAIMS).partition(".")[0], FOREIGN),
        (sign_ticket(CLAIMS | {"size": 8}).partition(".")[0] + "." + sign_ticket(CLAIMS).partition(".")[2], FOREIGN),
        (sign_ticket(CLAIMS | {"more": "x" * 2969}), "not a ticket"),
        (sign_ticket(CLAIMS) + "\N{LATIN SMALL LETTER E WITH ACUTE}", "not a ticket"),
    ],
    ids=["empty", "dot", "purpose", "secret", "ended", "padded", "cut", "no mac", "altered", "too long", "not ascii"],
)
def test_any_other_ticket_does_not_open(ticket: str, fault: str) -> None:
    with pytest.raises(ValueError, match=f"^{fault}$"):
        verify(ticket, "callback", (SECRET,), NOON)


def test_the_longest_ticket_opens() -> None:
    claims = CLAIMS | {"more": "x" * 2968}
    ticket = sign_ticket(claims)
    assert (len(ticket), verify(ticket, "callback", (SECRET,), NOON)) == (4096, claims)


@given_random(st.integers(0, len(sign_ticket(CLAIMS)) - 1), st.sampled_from("ABab01-_."))
def test_no_character_of_a_ticket_can_be_another(place: int, character: str) -> None:
    ticket = sign_ticket(CLAIMS)
    altered = ticket[:place] + character + ticket[place + 1 :]
    if altered != ticket:
        with pytest.raises(ValueError, match="ticket"):
            verify(altered, "callback", (SECRET,), NOON)


def test_a_ticket_survives_base64_in_a_url() -> None:
    claims = {"key": "uploads/\N{SNOWMAN}/??>>.png", "end": NOON + 1}
    ticket = sign(claims, "callback", SECRET)
    assert set(ticket) <= set(base64.b64encode(bytes(range(256))).decode()) - set("+/=") | set("-_.")
    assert verify(ticket, "callback", (SECRET,), NOON) == claims
