"""The steps of profiles: each is deployed as profiles.json has it here, and OSS takes a form of it."""

from __future__ import annotations

from functools import partial
from typing import Any

from deploy.smoke.outcome import StepFailed, Steps, StepSkipped
from deploy.smoke.session import Session, json_of


class ProfileSteps:
    """A step for each profile."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def steps(self) -> Steps:
        """Returns what must hold of the profiles, in the order of the file."""
        names = self._session.target.profiles
        return [
            *((f"The profile {name} is that of profiles.json", partial(self._compare, name)) for name in names),
            *((f"OSS accepts a form of the profile {name}", partial(self._upload, name)) for name in names),
        ]

    def _compare(self, name: str) -> str:
        limits = self._limits(name)
        if self._session.target.token and not self._session.target.own_secret:
            raise StepSkipped("a token from elsewhere may narrow the profile")
        differing = [member for member, value in self._visible_members(name).items() if value != limits.get(member)]
        if differing:
            raise StepFailed(f"it differs in {', '.join(differing)}: deploy")
        return f"{limits['max_size']:,} bytes"

    def _visible_members(self, name: str) -> dict[str, Any]:
        """Returns what the file says of the profile and the function shows, as the function shows it."""
        declared = self._session.target.profiles[name]
        members = {
            member: declared[member] for member in ("max_size", "expires_in", "folder_forms") if member in declared
        }
        if "content_types" in declared:
            members["content_types"] = list(declared["content_types"])
        if declared.get("multipart") is False:
            members["multipart_threshold"] = None
        return members

    def _upload(self, name: str) -> str:
        limits = self._limits(name)
        form = self._session.sign(profile=name, content_type=limits["content_types"][0])
        if f"/~{name}/" not in form["key"]:
            raise StepFailed(f"its key is {form['key']}")
        answer = self._session.post(form)
        if answer.status_code != 200:
            raise StepFailed(self._session.describe_refusal(answer))
        return str(form["key"])

    def _limits(self, name: str) -> Any:
        answer = self._session.ask("GET", f"/limits?profile={name}")
        limits = json_of(answer)
        if answer.status_code == 403 and not self._session.target.own_secret:
            raise StepSkipped("the token may not use it")
        if answer.status_code != 200 or not limits.get("content_types"):
            raise StepFailed(self._session.describe_refusal(answer))
        return limits
