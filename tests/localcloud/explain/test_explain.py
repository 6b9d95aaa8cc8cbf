"""The rulebook knows every refusal, and what `explain` says of one."""

from __future__ import annotations

import base64
import json
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.__main__ import main
from localcloud.explain import docs
from localcloud.explain.explain import explain, read_fields
from localcloud.explain.rulebook import ErrorResponse, Rule, find_rules, rules
from localcloud.oss.errors import OssError
from support.commands import run_here
from support.oss_world import Draft, OssWorld, outcome, post

ROOT = Path(__file__).parents[3]
TESTS = ROOT / "tests" / "localcloud"


def xml(code: str, message: str, ec: str | None = None, **extras: str) -> str:
    return OssError(400, code, message, ec, **extras).xml("0" * 24, "bucket.oss-cn-hangzhou.aliyuncs.com")


RULES = {rule.name: rule for rule in rules()}

REFUSALS = sorted((Path(__file__).parent / "refusals").iterdir())
"""A refusal for each rule, by its name: recorded once, as the stand-ins answered, compared with the rule, and kept."""

SEEN = {
    "policy-condition": 'The condition eq on bucket requires "b". ',
    "policy-field-missing": 'The condition eq on x:a requires "". ',
    "post-region": "The credential is for the region cn-beijing and the product oss. ",
    "post-product": "The credential is for the region cn-hangzhou and the product s3. ",
    "header-region": "The credential is for the region cn-beijing and the product oss. ",
    "header-product": "The credential is for the region cn-hangzhou and the product s3. ",
    "query-region": "The credential is for the region oss-cn-hangzhou and the product oss. ",
}
"""What an explanation begins with, where the error tells more than its rule."""

OF_THE_STAND_IN = {"form-dialect", "request-dialect", "not-implemented"}
"""Errors that OSS does not have: their message says so, and the explanation says what the real OSS does."""


@pytest.mark.parametrize("recorded", REFUSALS, ids=lambda file: file.stem)
def test_a_recorded_refusal_is_explained_by_its_rule_alone(recorded: Path) -> None:
    error = ErrorResponse.parse(recorded.read_text(encoding="utf-8"))
    assert [rule.name for rule in find_rules(error)] == [recorded.stem]
    said = RULES[recorded.stem].text(here=recorded.stem in OF_THE_STAND_IN)
    assert explain(error) == SEEN.get(recorded.stem, "") + said


def test_every_rule_has_a_recorded_refusal_and_every_refusal_a_rule() -> None:
    assert sorted(file.stem for file in REFUSALS) == sorted(RULES)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_a_rule_is_found_by_its_status_code_and_ec(rule: Rule) -> None:
    error = ErrorResponse(rule.code, rule.ec, None, rule.status)
    assert rule in find_rules(error)
    assert rule.document in explain(error)


FAULT = re.compile(
    r"\b(not|no|cannot|neither|lacks|missing|empty|twice|expired|taken|closed|private|error|besides|other|another|wrong|"
    r"too (many|much)|(larger|smaller|longer|more|below) (than|the)|begins with|below|used (before|more))\b",
    re.IGNORECASE,
)
"""Words of which a sentence has one that says what is wrong."""

DEMAND = re.compile(
    r"\b(is|are|has|have|had) not (been )?(empty|expired|larger|smaller|longer|too|taken|below|used|closed|private|missing)"
    r"|\bdo not begin\b|in order|no more\b"
)
"""How a sentence goes that says instead what should have been so."""


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_a_rule_says_what_is_wrong_and_then_what_to_do(rule: Rule) -> None:
    assert re.fullmatch(r"[A-Za-z].*[.…]", rule.finding)
    assert FAULT.search(rule.finding)
    assert not DEMAND.search(rule.finding)
    assert re.fullmatch(r"(?![A-Z]).*[.…]", rule.fix)
    assert rule.text().startswith(f"{rule.finding} To fix: {rule.fix} Source: ")


@pytest.mark.parametrize(
    ("name", "said"),
    {
        "token-expired": "The security token has expired. To fix: get a new form. No form should outlive the credentials that signed it.",
        "sts-token-expired": "The security token has expired. To fix: use the function's current credentials, from the context of each invocation.",
        "policy-expired": "The policy had expired when the file arrived. To fix: get a new form. Give slow uploads more time, but no more than the token has. Check the signer's clock.",
        "file-too-large": "The file is larger than content-length-range allows. To fix: send a smaller file, or sign a larger size.",
        "file-too-small": "The file is smaller than content-length-range allows. To fix: send a larger file, or sign a smaller size. An empty file is often a mistake of the page.",
        "policy-condition": "A value in the form does not match a condition of the policy. To fix: send the value that was signed, or sign the value that is sent.",
        "no-bucket": "The bucket does not exist. To fix: check the bucket's name and region in the address.",
        "file-exists": "The key is taken, and x-oss-forbid-overwrite is true. To fix: choose another key. After a retry the object may be your own earlier upload.",
        "access-key-unknown": "The AccessKey ID does not exist. To fix: check for a deleted or mistyped key, or one of another account or site.",
        "unavailable": "The service is not available at the moment. Often there are too many requests. To fix: try again, and wait longer before each further try.",
        "callback-slow": "The callback's receiver did not answer within 5 seconds. The object has been stored. To fix: respond first, and do the work afterwards.",
        "key-empty": "The object's name is empty. To fix: set a key.",
    }.items(),
)  # fmt: skip
def test_what_was_found_is_said_and_not_what_should_have_been(name: str, said: str) -> None:
    recorded = Path(__file__).parent / "refusals"
    [answer] = recorded.glob(f"{name}.*")
    assert f"{said} Source: " in explain(ErrorResponse.parse(answer.read_text(encoding="utf-8")))


def test_only_the_stand_in_itself_says_that_a_fault_switch_is_the_cause() -> None:
    about_itself = [rule for rule in rules() if rule.local_cause]
    assert {rule.name for rule in about_itself} == {
        *("internal-error", "unavailable", "not-implemented", "sts-internal", "sts-throttled", "sts-unknown-action"),
        *("form-dialect", "request-dialect"),
    }
    for rule in about_itself:
        error = ErrorResponse(rule.code, rule.ec, None, rule.status)
        assert (rule.local_cause or "") in explain(error, here=True)
        assert (rule.local_cause or "") not in explain(error)
    told = docs.render_page_rules() + " ".join(rule.finding + rule.fix for rule in rules())
    assert re.findall("fault switch|stand-in", told) == []


def test_names_of_rules_are_unique() -> None:
    names = [rule.name for rule in rules()]
    assert sorted(set(names)) == sorted(names)


FAILED = "Invalid according to Policy: Policy Condition failed: "


@pytest.mark.parametrize(
    ("message", "fields", "said"),
    [
        ('["eq", "$key", "a/b.png"]', {"key": "a/c.png"}, 'eq on key requires "a/b.png"; the form has "a/c.png".'),
        ('["eq", "$key", "a/b.png"]', {}, 'eq on key requires "a/b.png".'),
        ('["eq", "$acl", "private"]', {"key": "a"}, 'eq on acl requires "private"; the form has no such field.'),
        ('["in", "$content-type", ["a/b"]]', {"content-type": "c/d"}, 'in on content-type requires ["a/b"]; the form has "c/d".'),
        ('["eq", "$x-oss-security-token", "CAIS"]', {"key": "a"}, "eq on x-oss-security-token failed (its value is not shown)."),
    ],
)  # fmt: skip
def test_a_failed_condition_is_told_with_the_value_that_the_form_has(
    message: str, fields: dict[str, str], said: str
) -> None:
    error = ErrorResponse.parse(xml("AccessDenied", FAILED + message, "0006-00000227"))
    assert explain(error, fields) == (
        f"The condition {said} A value in the form does not match a condition of the policy. To fix: send the value "
        "that was signed, or sign the value that is sent. Source: OSS error code 0006-00000227."
    )


def run(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return run_here(lambda words: main(words, {}), arguments, given)


def encode(**policy: object) -> str:
    return base64.b64encode(json.dumps(policy).encode()).decode()


@pytest.mark.parametrize(
    ("error", "fields", "said"),
    [
        (
            xml("SignatureDoesNotMatch", "…", "0002-00000705", StringToSign="YQ=="),
            {"policy": "Yg=="},
            "The policy that OSS received is not the form's: it was changed on its way.",
        ),
        (
            xml("SignatureDoesNotMatch", "…", "0002-00000705", StringToSign="YQ=="),
            {"policy": "YQ==", "x-oss-credential": "LTAI/20241124/r/oss/x", "x-oss-date": "20241125T000500Z"},
            "The credential is for 20241124, but x-oss-date is 20241125T000500Z.",
        ),
        (
            xml("AccessDenied", "Invalid according to Policy: Policy expired.", "0006-00000213"),
            {"policy": encode(expiration="2024-11-24T12:00:00Z", conditions=[])},
            "The policy was valid until 2024-11-24T12:00:00Z.",
        ),
        (
            xml("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size.", "0006-00000003"),
            {"policy": encode(conditions=[["content-length-range", 1, 1000]])},
            "The policy allows 1 to 1000 bytes.",
        ),
    ],
)
def test_the_form_at_hand_makes_the_explanation_concrete(error: str, fields: dict[str, str], said: str) -> None:
    [rule] = find_rules(ErrorResponse.parse(error))
    assert explain(ErrorResponse.parse(error), fields) == f"{said} {rule.text()}"


POLICY = '{"expiration": "2024-11-24T12:00:00Z", "conditions": [["content-length-range", 1, 1000]]}'


@pytest.mark.parametrize("form", [POLICY, base64.b64encode(POLICY.encode()).decode() + "\n"], ids=["JSON", "base64"])
@pytest.mark.parametrize(("code", "ec", "size"), [("EntityTooLarge", "0006-00000003", 2048), ("EntityTooSmall", "0006-00000004", 0)])  # fmt: skip
def test_a_policy_and_the_size_of_the_file_tell_what_was_expected_and_got(
    form: str, code: str, ec: str, size: int
) -> None:
    error = ErrorResponse.parse(xml(code, "Your proposed upload …", ec))
    [rule] = find_rules(error)
    assert (
        explain(error, read_fields(form), size)
        == f"The policy allows 1 to 1000 bytes; the file has {size}. {rule.text()}"
    )


def test_a_policy_alone_says_nothing_of_the_fields_that_were_sent() -> None:
    error = ErrorResponse.parse(xml("AccessDenied", f'{FAILED}["eq", "$acl", "private"]', "0006-00000227"))
    assert explain(error, read_fields(POLICY)).startswith('The condition eq on acl requires "private". ')


@pytest.mark.parametrize("form", ["", "{", "[]", "1", "no form", '{"fields": 1}'])
def test_a_form_that_is_none_is_refused(form: str) -> None:
    with pytest.raises(ValueError, match="The form is not"):
        read_fields(form)


def test_an_error_that_may_be_one_of_several_is_a_list_with_headings() -> None:
    [first, second] = find_rules(ErrorResponse.parse("EntityTooSmall"))
    assert explain(ErrorResponse.parse("EntityTooSmall")).split("\n") == [
        "It is one of these:",
        "CompleteMultipartUpload:",
        f"- {second.text()}",
        "PostObject:",
        f"- {first.text()}",
    ]


def test_the_command_prints_a_list_line_by_line() -> None:
    ran = run("explain", "EntityTooSmall")
    begins = ["It is", "CompleteMultipartUpload:", "- A part", "PostObject:", "- The file"]
    lines = ran.stdout.splitlines()
    assert [line.startswith(begin) for line, begin in zip(lines, begins, strict=True)] == [True] * 5


REGION_PAGE = """<Error>
  <Code>InvalidArgument</Code>
  <Message>The signing region in credential is invalid.</Message>
  <RequestId>694532*******</RequestId>
  <HostId>BucketName.oss-cn-hangzhou.aliyuncs.com</HostId>
  <ArgumentName>x-oss-credential</ArgumentName>
  <ArgumentValue>LTAI5tRJ*****/20251219/cn-beijing/oss/aliyun_v4_request</ArgumentValue>
  <EC>0002-00000715</EC>
  <RecommendDoc>https://api.aliyun.com/troubleshoot?q=0002-00000715</RecommendDoc>
</Error>"""
"""The sample of the vendor's page."""


@pytest.mark.parametrize("host", ["BucketName.oss-cn-hangzhou", "b.oss-cn-hangzhou-internal", "oss-cn-hangzhou"])
def test_a_host_of_oss_says_which_region_was_expected(host: str) -> None:
    error = ErrorResponse.parse(REGION_PAGE.replace("BucketName.oss-cn-hangzhou", host))
    said = "The credential is for the region cn-beijing and the product oss; the bucket is in cn-hangzhou. "
    assert explain(error) == said + RULES["post-region"].text()


def test_the_form_says_which_region_it_is_for() -> None:
    fields = {"x-oss-credential": "LTAI/20251219/cn-beijing/oss/aliyun_v4_request"}
    said = "The credential is for the region cn-beijing and the product oss. "
    assert explain(ErrorResponse.parse("0002-00000715"), fields) == said + RULES["post-region"].text()


DEEP = '{"a":' * 100_000
DEEP_POLICY = base64.b64encode(b'{"conditions":' + b"[" * 100_000).decode()


@pytest.mark.parametrize(
    "form", ["{", DEEP, "[" * 100_000, DEEP_POLICY, "\udcff", "1" * 5_000], ids=lambda form: form[:9]
)
def test_a_form_that_cannot_be_read_ends_with_a_message(tmp_path: Path, form: str) -> None:
    (tmp_path / "form").write_bytes(form.encode(errors="surrogateescape"))
    ran = run("explain", "0006-00000227", "--form", str(tmp_path / "form"))
    assert (ran.returncode, ran.stdout, ran.stderr.startswith("The form is not JSON")) == (2, "", True)


def test_a_deep_condition_in_an_error_is_not_read() -> None:
    error = ErrorResponse.parse(xml("AccessDenied", FAILED + '["eq", "$a", ' + "[" * 100_000 + "]]", "0006-00000227"))
    said = "One of the policy's conditions failed. "
    assert explain(error) == said + RULES["policy-condition"].text()


def test_an_answer_pasted_in_place_of_a_file_is_read() -> None:
    pasted = xml("AccessDenied", "Invalid according to Policy: Policy expired." + " " * 300, "0006-00000213")
    ran = run("explain", pasted)
    assert (ran.returncode, ran.stdout) == (0, RULES["policy-expired"].text() + "\n")


def test_an_error_that_is_not_utf_8_ends_with_a_message(tmp_path: Path) -> None:
    (tmp_path / "error.xml").write_bytes(b"\xff\xfe<\x00")
    ran = run("explain", str(tmp_path / "error.xml"))
    assert (ran.returncode, ran.stderr.startswith("This is not an error of OSS or STS.")) == (2, True)


def test_nothing_of_the_form_begins_a_line_or_obeys_a_terminal() -> None:
    fields = {"x-oss-credential": "a/20241124/r\x1b[2J\n- oss/x/y", "x-oss-date": "2024\n\x1b[1m", "policy": "YQ=="}
    error = ErrorResponse.parse(xml("SignatureDoesNotMatch", "…", "0002-00000705", StringToSign="YQ=="))
    said = explain(error, fields)
    assert (said.isprintable(), "2024\\n\\u001b[1m" in said) == (True, True)


def test_what_is_not_known_is_said_plainly() -> None:
    said = "9999-00000001 is not in the rulebook. Look up its Code and EC in OSS's list of error codes."
    assert explain(ErrorResponse.parse("9999-00000001")) == said


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_no_explanation_holds_a_secret_of_the_form(rule: Rule) -> None:
    names = ("x-oss-signature", "x-oss-security-token", "callback", "signature")
    fields = {name: secrets.token_hex(32) for name in names}
    fields["policy"] = encode(secret=fields["callback"], conditions=[])
    for name, value in fields.items():
        message = FAILED + json.dumps(["eq", f"${name}", value])
        said = explain(ErrorResponse(rule.code, rule.ec, None, rule.status, "other"), fields)
        said += explain(ErrorResponse(rule.code, rule.ec, message, rule.status, "other"), fields)
        assert [secret for secret in fields.values() if secret in said] == []


@pytest.mark.parametrize("answer", [{"x_oss_date": "d", "security_token": "t"}, {"fields": {"x-oss-date": "d", "x-oss-security-token": "t"}}])  # fmt: skip
def test_a_form_is_read_as_any_signer_returns_it(answer: object) -> None:
    assert read_fields(json.dumps(answer)) == {"x-oss-date": "d", "x-oss-security-token": "t"}


def test_a_refusal_is_explained_in_the_record(world: OssWorld, draft: Draft) -> None:
    fields = draft.fields()
    del fields["key"]
    assert outcome(post(world, fields))[1] == "InvalidArgument"
    assert world.oss.records[-1].explanation == (
        "The form has no key before the file. To fix: add the key, and append the file last: fields after the file are not read. "
        "Source: Common PostObject errors."
    )


def test_a_file_of_a_wrong_size_is_explained_with_its_size(world: OssWorld, draft: Draft) -> None:
    draft.conditions = [["content-length-range", 1, 4]]
    assert outcome(post(world, draft.fields()))[1] == "EntityTooLarge"
    said = f"The policy allows 1 to 4 bytes; the file has 5. {RULES['file-too-large'].text()}"
    assert world.oss.records[-1].explanation == said


def test_the_command_takes_a_policy_and_a_size(tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text(POLICY, encoding="utf-8")
    form = ["--form", str(tmp_path / "policy.json"), "--size", "2048"]
    command = [sys.executable, "-m", "localcloud", "explain", "0006-00000003", *form]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)  # noqa: S603 - our own command
    assert ran.stdout == f"The policy allows 1 to 1000 bytes; the file has 2048. {RULES['file-too-large'].text()}\n"


def test_a_part_that_is_too_small_is_none_of_the_policy_s() -> None:
    error = ErrorResponse.parse(xml("EntityTooSmall", "Your proposed upload …", "0042-00000213"))
    assert explain(error, read_fields(POLICY), 5) == RULES["part-too-small"].text()


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ("0006-00000213", 0, r"The policy had expired when the file arrived\. To fix: .*\n"),
        (
            xml("EntityTooSmall", "Your proposed upload smaller than …", "0006-00000004"),
            0,
            r"The file is smaller than content-length-range allows\. To fix: .*\n",
        ),
        ("Nonsense", 1, "Nonsense is not in the rulebook.*\n"),
        (
            '{"Code": "EntityNotExist.Role", "Message": "The role not exists."}',
            0,
            r"The role does not exist\. To fix: check the role's ARN\. .*\n",
        ),
        ("<no xml", 2, "This is not an error of OSS or STS.*\n"),
        ('{"a":' * 100_000, 2, "This is not an error of OSS or STS.*\n"),
        ("<Error/>", 2, "This is not an error of OSS or STS.*\n"),
        ("{}", 2, "This is not an error of OSS or STS.*\n"),
        ("{no json", 2, "This is not an error of OSS or STS.*\n"),
    ],
)
def test_the_command_reads_an_ec_a_code_or_an_answer_from_standard_input(given: str, code: int, said: str) -> None:
    ran = run("explain", "-", given=given)
    assert ran.returncode == code
    assert re.fullmatch(said, ran.stdout + ran.stderr)


def test_the_table_in_the_documentation_is_the_rulebook_s() -> None:
    page = docs.DOCS_FILE.read_text(encoding="utf-8")
    assert docs.render_docs(page) == page, "run python -m localcloud.explain.docs"


def test_what_the_page_shows_of_a_refusal_is_the_rulebook_s() -> None:
    assert docs.PAGE_RULES_FILE.read_text(encoding="utf-8") == docs.render_page_rules(), (
        "run python -m localcloud.explain.docs"
    )


def test_tests_that_rules_name_exist() -> None:
    functions = {
        f"{file.relative_to(TESTS)}::{name}"
        for file in TESTS.rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert {rule.test for rule in rules() if rule.test} - functions == set()


def test_every_test_that_the_documentation_names_is_there() -> None:
    page = docs.DOCS_FILE.read_text(encoding="utf-8")
    named = re.findall(r"`([\w/]*test_\w+\.py)::(test_\w+)`", page)
    assert len(named) > 150
    for file, test in named:
        assert f"def {test}(" in (TESTS / file).read_text(encoding="utf-8"), f"{file}::{test}"
