"""How instances of a function live behind the gateway: their number, their module, edits, surroundings."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.fc_function import COUNTING, Answer, Ask, Function, asker, new_role
from support.oss_world import ACCOUNT, REGION
from support.threads import doing_meanwhile


def at_once(ask: Ask) -> list[str]:
    """Returns the bodies that two requests bring which are sent together."""
    bodies: list[str] = []
    threads = [threading.Thread(target=lambda: bodies.append(ask().body)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return bodies


def test_one_request_at_a_time(serve: Callable[..., Ask]) -> None:
    ask = serve("""
        import threading
        both = threading.Barrier(2)
        def handler(event, context):
            try:
                both.wait(0.3)
            except threading.BrokenBarrierError:
                return "alone"
            return "together"
    """)
    assert at_once(ask) == ["alone", "alone"]


def test_two_first_requests_start_one_instance(serve: Callable[..., Ask], function: Function) -> None:
    ask = serve("""
        import threading
        def initialize(context):
            print("initialized")
            threading.Event().wait(0.2)  # so that the other request comes meanwhile
        def handler(event, context):
            return "well"
    """)
    assert (at_once(ask), function.lines) == (["well", "well"], ["initialized"])


def test_an_instance_keeps_what_its_module_knows(serve: Callable[..., Ask]) -> None:
    ask = serve(COUNTING)
    assert [ask().body, ask().body, ask().body] == ["1", "2", "3"]


def test_the_initializer_runs_once_before_the_first_request(serve: Callable[..., Ask]) -> None:
    ask = serve("""
        seen = []
        def initialize(context):
            seen.append("initialized by " + context.function.name)
        def handler(event, context):
            seen.append("called")
            return seen
    """)
    ask()
    assert ask().json() == ["initialized by sign", "called", "called"]


def test_end_instance(function: Function) -> None:
    function.write(COUNTING)
    with function.gateway() as gateway:
        ask = asker(gateway)
        before = ask().body, ask().body
        gateway.end_instance()
        assert (*before, ask().body) == ("1", "2", "1")


def test_start_instance_makes_a_new_one(function: Function) -> None:
    function.write(COUNTING)
    with function.gateway() as gateway:
        ask = asker(gateway)
        before = ask().body, ask().body
        gateway.start_instance()
        assert (*before, ask().body) == ("1", "2", "1")


@pytest.mark.parametrize(
    ("source", "raised"),
    [
        ("def handler(event, context): pass\ndef initialize(context): raise LookupError('no settings')", "no settings"),
        ("raise LookupError('at import')", "at import"),
    ],
    ids=["in the initializer", "at import"],
)
def test_what_a_new_instance_raises_comes_out_of_start_instance(function: Function, source: str, raised: str) -> None:
    function.write(source)
    with pytest.raises(LookupError, match=raised):
        function.gateway().start_instance()


def test_a_handler_that_is_not_there_comes_out_of_start_instance(function: Function) -> None:
    function.write(COUNTING)
    with pytest.raises(AttributeError, match="missing"):
        function.gateway(handler="index.missing").start_instance()


def test_to_a_client_an_initializer_that_fails_is_a_502(serve: Callable[..., Ask], function: Function) -> None:
    ask = serve("def handler(event, context): pass\ndef initialize(context): raise LookupError('no settings')")
    assert [ask().status, ask().status] == [502, 502]
    assert [logged.rstrip().rpartition("\n")[2] for logged in function.lines] == ["LookupError: no settings"] * 2


def test_a_handler_in_a_package(function: Function) -> None:
    function.write("from words import word\ndef handler(event, context): return word.WORD")
    (function.code / "words").mkdir()
    function.write("", "words/__init__.py")
    function.write("WORD = 'in a package'", "words/word.py")
    with function.gateway() as gateway:
        assert asker(gateway)().body == "in a package"


def test_two_functions_with_modules_of_one_name(function: Function, tmp_path: Path) -> None:
    other = Function(tmp_path / "other")
    function.write("def handler(event, context): return 'one'")
    other.write("def handler(event, context): return 'other'")
    with function.gateway() as first, other.gateway() as second:
        asked = [asker(each)().body for each in (first, second, first)]
    assert asked == ["one", "other", "one"]


def answers(value: object) -> str:
    return f"def handler(event, context): return {value!r}"


@pytest.mark.parametrize("edited", ["2", "a longer one", ""], ids=["of the same size", "longer", "shorter"])
def test_an_edit_serves_on_the_next_request(
    serve: Callable[..., Ask], function: Function, monkeypatch: pytest.MonkeyPatch, edited: str
) -> None:
    # A compiled file tells sources apart by their size and second.
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    ask = serve(answers("1"), reload=True)
    before = ask().body
    function.edit(answers(edited))
    assert (before, ask().body) == ("1", edited)


def test_an_instance_leaves_no_file_in_the_folder(
    serve: Callable[..., Ask], function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    serve(answers("1"))()
    assert [path.name for path in function.code.iterdir()] == ["index.py"]


def test_an_edit_deep_in_the_folder(serve: Callable[..., Ask], function: Function) -> None:
    (function.code / "words").mkdir()
    word = function.code / "words" / "word.py"
    function.write("WORD = 'before'", "words/word.py")
    newest = word.stat().st_mtime_ns + 10**12
    os.utime(word, ns=(newest, newest))
    ask = serve("from words import word\ndef handler(event, context): return word.WORD", reload=True)
    before = ask().body
    function.write("WORD = 'after'", "words/word.py")
    os.utime(word, ns=(newest + 1, newest + 1))
    assert (before, ask().body) == ("before", "after")


def test_an_edit_that_brings_a_module(serve: Callable[..., Ask], function: Function) -> None:
    ask = serve(answers("before"), reload=True)
    before = ask().body
    as_listed = function.code.stat().st_mtime_ns
    function.write("WORD = 'after'", "word.py")
    function.edit("from word import WORD\ndef handler(event, context): return WORD")
    # On a coarse clock the folder would look as it did when Python listed it.
    os.utime(function.code, ns=(as_listed, as_listed))
    assert (before, ask().body) == ("before", "after")


def test_an_edit_of_the_file_that_a_package_has_beside_the_code(
    serve: Callable[..., Ask], function: Function, tmp_path: Path
) -> None:
    file = tmp_path / "beside.json"
    code = f"import pathlib\ntext = pathlib.Path({str(file)!r}).read_text()\ndef handler(event, context): return text"
    file.write_text("before")
    ask = serve(code, reload=True, packed_file=file)
    before = ask().body
    file.write_text("after")
    os.utime(file, ns=(file.stat().st_mtime_ns + 1, file.stat().st_mtime_ns + 1))
    assert (before, ask().body) == ("before", "after")


def test_without_reload_an_edit_waits_for_a_new_instance(serve: Callable[..., Ask], function: Function) -> None:
    ask = serve(answers("before"))
    before = ask().body
    function.edit(answers("after"))
    assert (before, ask().body) == ("before", "before")


def test_without_an_edit_the_instance_stays(serve: Callable[..., Ask]) -> None:
    ask = serve(COUNTING, reload=True)
    assert [ask().body, ask().body] == ["1", "2"]


def test_after_a_broken_edit_every_request_fails_until_it_is_mended(
    serve: Callable[..., Ask], function: Function
) -> None:
    ask = serve(answers("before"), reload=True)
    before = ask().body
    function.edit("def handler(event, context) return")
    broken = [ask().status, ask().status]
    function.edit(answers("fixed"))
    assert (before, broken, ask().body) == ("before", [502, 502], "fixed")


OF_FUNCTION_COMPUTE = {
    "FC_FUNCTION_HANDLER": "index.handler",
    "FC_FUNCTION_MEMORY_SIZE": "512",
    "FC_REGION": REGION,
    "FC_ACCOUNT_ID": ACCOUNT,
}

ENVIRONMENT = """
    import os
    def handler(event, context):
        return dict(os.environ)
"""


@pytest.fixture
def our_environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Returns what an instance may have of it."""
    for name in ("HOME", "TMPDIR", "TZ", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "https_proxy", "OSS_BUCKET", "ALIBABA_CLOUD_ACCESS_KEY_ID", "PYTHONPATH"):
        monkeypatch.setenv(name, "inherited")
    return {"PATH": os.environ["PATH"]}


def test_an_instance_sees_its_own_environment_only(
    serve: Callable[..., Ask], function: Function, our_environment: dict[str, str]
) -> None:
    function.environment = {"OSS_BUCKET": "its own"}
    seen = serve(ENVIRONMENT)().json()
    assert re.fullmatch("[0-9a-f]{32}", seen.pop("FC_INSTANCE_ID"))
    assert seen == {
        **our_environment,
        **OF_FUNCTION_COMPUTE,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": function.role.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": function.role.access_key_secret,
        "ALIBABA_CLOUD_SECURITY_TOKEN": function.role.security_token,
        "OSS_BUCKET": "its own",
    }


def test_where_the_context_has_the_credentials_the_environment_has_none(
    serve: Callable[..., Ask], our_environment: dict[str, str]
) -> None:
    seen = serve(ENVIRONMENT, context_credentials=True)().json()
    del seen["FC_INSTANCE_ID"]
    assert seen == our_environment | OF_FUNCTION_COMPUTE


def test_credentials_in_the_environment_are_those_of_when_the_instance_was_made(
    serve: Callable[..., Ask], function: Function
) -> None:
    ask = serve(ENVIRONMENT)
    first, function.role = function.role, new_role()
    asked: list[str] = [ask().json()["ALIBABA_CLOUD_ACCESS_KEY_ID"]]
    made_with, function.role = function.role, new_role()
    asked.append(ask().json()["ALIBABA_CLOUD_ACCESS_KEY_ID"])
    assert first not in (made_with, function.role)
    assert asked == [made_with.access_key_id] * 2


CONTEXT = """
    import json
    def handler(event, context):
        return json.dumps(context, default=vars)
"""


def of_a_context(answer: Answer) -> dict[str, Any]:
    return {
        "request_id": answer.headers["X-Fc-Request-Id"],
        "function": {"name": "sign", "handler": "index.handler", "memory": 512, "timeout": 10},
        "region": REGION,
        "account_id": ACCOUNT,
    }


def test_the_context_as_python_3_12_has_it(serve: Callable[..., Ask]) -> None:
    answer = serve(CONTEXT)()
    assert answer.json() == of_a_context(answer)


def test_the_context_as_python_3_10_has_it_with_credentials_as_of_now(
    serve: Callable[..., Ask], function: Function
) -> None:
    ask = serve(CONTEXT, context_credentials=True)
    ask()
    function.role = new_role()
    answer = ask()
    assert answer.json() == of_a_context(answer) | {
        "credentials": {
            "access_key_id": function.role.access_key_id,
            "access_key_secret": function.role.access_key_secret,
            "security_token": function.role.security_token,
        }
    }


def test_what_a_function_does_to_its_surroundings_stays_there(serve: Callable[..., Ask]) -> None:
    before = dict(os.environ), list(sys.path), sys.modules.get("index"), os._exit, sys.stdout
    serve("""
        import os, sys
        def handler(event, context):
            os.environ["LEFT_BEHIND"] = "1"
            os.environ.pop("PATH")
            sys.path.append("left/behind")
            return 1
    """)()
    assert (dict(os.environ), list(sys.path), sys.modules.get("index"), os._exit, sys.stdout) == before


ANSWERS_1 = """
    def handler(event, context):
        return 1
"""


def test_what_other_threads_import_meanwhile_does_no_harm(serve: Callable[..., Ask]) -> None:
    ask = serve(ANSWERS_1)
    names = [f"imported_meanwhile_{number}" for number in range(500)]

    def import_modules() -> None:
        sys.modules.update(dict.fromkeys(names, sys))
        for name in names:
            del sys.modules[name]

    with doing_meanwhile(import_modules):
        assert {ask().status for _ in range(9)} == {200}


def test_other_threads_read_the_environment_meanwhile(serve: Callable[..., Ask]) -> None:
    """Requests looks for proxies in it before it sends, and a test hands all of it to a process."""
    ask = serve(ANSWERS_1)
    with doing_meanwhile(lambda: dict(os.environ)):
        assert {ask().status for _ in range(20)} == {200}


def test_what_a_function_sets_in_its_environment_stays_while_its_instance_lives(serve: Callable[..., Ask]) -> None:
    ask = serve("""
        import os
        def handler(event, context):
            os.environ["CALLS"] = os.environ.get("CALLS", "") + "I"
            return os.environ["CALLS"]
    """)
    assert [ask().body, ask().body] == ["I", "II"]


def test_printed_lines_go_to_the_log(serve: Callable[..., Ask], function: Function) -> None:
    ask = serve("""
        import sys
        print("at import")
        def initialize(context):
            print("in the initializer")
        def handler(event, context):
            print("two", "words\\nand a line")
            sys.stdout.write("a line in ")
            sys.stdout.write("two pieces\\n")
            sys.stdout.write("not yet")
            return 1
    """)
    ask()
    expected = ["at import", "in the initializer", "two words", "and a line", "a line in two pieces"]
    assert function.lines == expected
    ask()
    assert function.lines[5:] == ["not yettwo words", *expected[3:]]
