"""s.yaml where something is wrong or users' files are in the way: where the real Serverless Devs stops, and what it says."""

from __future__ import annotations

import pytest

from support.deployed_cloud import DeployedCloud
from support.scratch import ACCOUNT, DOMAINS, EXISTING, REMOVED, SCHEMA, Scratch
from support.upload_bucket import Bucket


@pytest.mark.thorough
def test_a_failed_build_deploys_nothing(scratch: Scratch) -> None:
    (scratch.folder / "Makefile").write_text("build:\n\t@exit 3\n")
    assert (scratch.s("deploy", "-y").exit_code, scratch.order()) == (101, [])


def test_a_failed_function_publishes_no_page(scratch: Scratch, cloud: DeployedCloud) -> None:
    cloud.put(refuse={"sign": ["CreateFunction"]})
    assert (scratch.s("deploy", "-y").exit_code, scratch.order()) == (
        101,
        ["infra deploy", "callback deploy", "sign deploy"],
    )


@pytest.mark.thorough
def test_a_stack_that_could_not_be_made_is_said_to_be_dead(scratch: Scratch, cloud: DeployedCloud) -> None:
    """The component takes a dead stack for one that has not changed."""
    cloud.put(refuse={"infra": ["CreateStack"]})
    said = [scratch.s("deploy", "-y") for _ in range(2)]
    assert ([done.exit_code for done in said], scratch.order()) == ([101, 101], ["infra deploy"])
    dead = (
        "The stack oss-direct-upload is in the state CREATE_ROLLBACK_COMPLETE: its creation failed, and it is dead. Set "
        "right what its events say, run `make remove`, then `make deploy`."
    )
    assert [done.said.count(dead) for done in said] == [1, 1]


@pytest.mark.thorough
def test_a_function_whose_cap_is_refused_is_closed(scratch: Scratch, cloud: DeployedCloud) -> None:
    """The component makes the function, opens it, and caps it last."""
    cloud.put(refuse={"sign": ["PutConcurrencyConfig"]})
    done = scratch.s("deploy", "-y")
    state = cloud.state()
    assert (done.exit_code, state["sign"]["triggers"], len(state["callback"]["triggers"])) == (101, [], 1)
    assert "To close it, these were deleted: its trigger http." in done.said


@pytest.mark.thorough
def test_who_answers_no_is_told_what_was_not_deployed(scratch: Scratch, cloud: DeployedCloud) -> None:
    cloud.put(answers={"callback": "no"})
    done = scratch.s("deploy", "-y")
    assert (done.exit_code, scratch.order()) == (101, ["infra deploy", "callback deploy"])
    assert "callback was not deployed, and nothing after it: you answered no." in done.said


@pytest.mark.thorough
def test_a_removal_that_removes_nothing_stops_and_can_be_run_again(scratch: Scratch, cloud: DeployedCloud) -> None:
    """The component swallows every error."""
    cloud.put_function("callback", "oss-direct-upload-callback")
    cloud.put_function("sign", "oss-direct-upload-sign")
    cloud.put(
        stack={"Status": "CREATE_COMPLETE", "outputs": {}}, domains={"sign.example.com": ["oss-direct-upload-sign"]}
    )
    codes = []
    for refused in ({"callback": ["DeleteFunction"]}, {"sign": ["DeleteCustomDomain"]}, {}):
        cloud.put(refuse=refused)
        codes.append(scratch.s("remove", "-y", "-t", "s.domain.yaml", **DOMAINS).exit_code)
    assert (codes, scratch.order()) == ([101, 101, 0], ["callback remove", "callback remove", "sign remove", *REMOVED])
    assert cloud.state() == {"refuse": {}, "domains": {}}


@pytest.mark.parametrize(
    ("words", "environ", "why"),
    [
        (("deploy",), {}, "without a terminal nobody can answer. Add -y, or use make."),
        (("remove", "-y", "--debug"), {"DEBUG": "true"}, "with DEBUG and --debug, secrets are printed"),
        pytest.param(
            ("info",),
            {"ENV_FILE": ".env.staging"},
            "ENV_FILE is read by make alone",
            marks=pytest.mark.thorough,
        ),
    ],
)
def test_what_would_change_nothing_or_print_secrets_is_refused(
    scratch: Scratch, words: tuple[str, ...], environ: dict[str, str], why: str
) -> None:
    done = scratch.s(*words, **environ)
    assert (done.exit_code, scratch.order(), scratch.builds()) == (101, [], 0)
    assert f"Nothing was done: {why}" in done.said


def test_a_property_of_the_wrong_type_is_refused(scratch: Scratch) -> None:
    if not SCHEMA.exists():
        pytest.skip("the schema of the component fc3 is not here: not checked that s.yaml has it enforced")
    file = scratch.folder / "s.yaml"
    file.write_text(file.read_text().replace("memorySize: 1024", "memorySize: much"))
    assert (scratch.s("deploy", "-y").exit_code == 0, scratch.order()) == (False, [])


@pytest.mark.thorough
def test_a_webhook_without_callbacks_stops_the_deployment(scratch: Scratch) -> None:
    done = scratch.s("deploy", "-y", WEBHOOK_URL="https://app.example.com/")
    assert "- WEBHOOK_URL is set, and CALLBACK is not on: set CALLBACK=on, or leave WEBHOOK_URL out" in done.said


def test_all_that_is_not_set_right_stops_before_anything_is_made(scratch: Scratch) -> None:
    (scratch.folder / "profiles.json").write_text('{"photos": {"keep_days": 30, "multipart": true}}')
    wrong = {
        "JWT_SECRET": "",
        "MAX_SIZE": "much",
        "KEEP_DAYS": "7",
        "CALLBACK": "on",
        "CALLBACK_SECRET": "short",
        "WEBHOOK_URL": "https://app.example.com/",
    }
    done = scratch.s("deploy", "-y", **wrong)
    assert (done.exit_code, scratch.order()) == (101, [])
    said = (
        "Set these right in .env (see .env.example) or profiles.json:",
        "- MAX_SIZE must be",
        "`make deploy` writes a random JWT_SECRET into .env.",
        "- CALLBACK_SECRET must have at least 32 bytes",
        "- WEBHOOK_SECRET is missing",
        "- photos.multipart in profiles.json cannot be true without MULTIPART_THRESHOLD",
    )
    assert [each for each in said if each not in done.said] == []


@pytest.mark.thorough
def test_a_page_that_cannot_be_published_stops_before_anything_is_made(scratch: Scratch) -> None:
    (scratch.folder / "web" / "id_rsa").write_text("x")
    done = scratch.s("deploy", "-y")
    assert (done.exit_code, scratch.order()) == (101, [])
    assert "id_rsa is settings or keys" in done.said


@pytest.mark.thorough
def test_a_wrong_domain_of_the_page_stops_before_anything_is_made(scratch: Scratch) -> None:
    done = scratch.s("deploy", "-y", SITE_DOMAIN="https://up.example.com")
    assert (done.exit_code, scratch.order()) == (101, [])
    assert "- SITE_DOMAIN must be a domain alone" in done.said
    assert "ALLOWED_ORIGINS" not in done.said


@pytest.mark.thorough
def test_a_bucket_that_cannot_be_used_stops_before_anything_is_made(scratch: Scratch, bucket: Bucket) -> None:
    bucket.info = {"Owner": "<ID>42</ID>"}
    done = scratch.s("deploy", "-y", **EXISTING)
    assert (
        done.exit_code,
        scratch.order(),
        f"- It belongs to the account 42, and this deployment to {ACCOUNT}" in done.said,
    ) == (101, [], True)


@pytest.mark.thorough
def test_another_bucket_than_the_deployments_stops_a_removal_before_anything_is_removed(
    scratch: Scratch, cloud: DeployedCloud
) -> None:
    cloud.put(stack={"Status": "CREATE_COMPLETE", "parameters": {"UploadBucket": "team-files"}})
    done = scratch.s("remove", "-y", DELETE_FILES="yes")
    assert (done.exit_code, scratch.order(), "Run it again with UPLOAD_BUCKET=team-files." in done.said) == (
        101,
        [],
        True,
    )


def test_users_files_stop_the_removal_before_anything_is_removed(scratch: Scratch, bucket: Bucket) -> None:
    bucket.files = {("uploads/a.png", "null"): 5}
    done = scratch.s("remove", "-y")
    assert (done.exit_code, scratch.order()) == (101, [])
    assert f"oss-direct-upload-uploads-{ACCOUNT} holds 1 file (5 bytes). Nothing was removed." in done.said
    assert "DELETE_FILES=yes make remove" in done.said


@pytest.mark.thorough
def test_users_files_stop_the_removal_of_the_stack_alone(scratch: Scratch, bucket: Bucket) -> None:
    bucket.files = {("uploads/a.png", "null"): 5}
    assert (scratch.s("infra", "remove", "-y").exit_code, scratch.order()) == (101, [])


@pytest.mark.thorough
def test_without_credentials_for_the_bucket_nothing_is_removed(scratch: Scratch, bucket: Bucket) -> None:
    bucket.refusal = "AccessDenied"
    done = scratch.s("remove", "-y")
    assert (done.exit_code, scratch.order()) == (101, [])
    assert "could not be seen. AccessDenied: no" in done.said
