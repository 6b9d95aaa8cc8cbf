"""docs/reference: its tables equal what the code reads, raises, answers and logs, and name each place that differs."""

from __future__ import annotations

import ast
import base64
import json
import re
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from joserfc.jwk import ECKey

from direct_upload.authorize import MAX_LINK_FILES, MAX_NOTE, MAX_SUBJECT, MAX_TITLE
from direct_upload.multipart_routes import MAX_URLS
from direct_upload.profiles import Profile
from direct_upload.settings import Settings as SignSettings
from direct_upload.tokens import MAX_TOKEN_LENGTH
from direct_upload.upload import MAX_FILES
from fc_http.errors import InvalidSettings
from fc_http.event import MAX_BODY_BYTES
from localcloud.dev.cloud import Cloud, CloudOptions
from localcloud.dev.settings import SETTINGS
from support import factories
from support.function import Function, Make
from support.tokens import new_secret
from upload_callback.settings import Settings as CallbackSettings

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
SIGN = ("sign", "shared")


def table(page: str, marker: str) -> list[list[str]]:
    """Returns the cells of the table between `<!-- marker… -->` and its end, without its head."""
    text = (REFERENCE / page).read_text(encoding="utf-8")
    [rows] = re.findall(rf"<!-- {marker}[^>]* -->\n(.*?)<!-- /", text, re.DOTALL)
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows.splitlines()[2:]]


def names(page: str, marker: str) -> list[str]:
    return [row[0].strip("`") for row in table(page, marker)]


def sources(*folders: str) -> str:
    files = [file for folder in folders for file in sorted((ROOT / "functions" / folder).rglob("*.py"))]
    assert files
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def differences(document: str, documented: list[Any], code: list[Any]) -> list[str]:
    """Returns a line for whatever is in one of the two alone."""
    return [f"{each} is not in {document}" for each in code if each not in documented] + [
        f"{each} is in {document} alone" for each in documented if each not in code
    ]


def error_classes(*folders: str) -> list[tuple[int, str, str]]:
    """Returns status, code and the first line of the docstring of every error class."""
    found = []
    for node in ast.walk(ast.parse(sources(*folders).replace("from __future__ import annotations", ""))):
        if isinstance(node, ast.ClassDef):
            for line in node.body:
                if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "(status, code)":
                    status, code = ast.literal_eval(line.value)
                    found.append((status, code, (ast.get_docstring(node) or "").splitlines()[0]))
    return sorted(found)


def test_the_table_of_errors_is_that_of_the_signing_function() -> None:
    rows = [(int(status), code.strip("`"), advice) for status, code, advice in table("errors.md", "errors: [^>]*sign")]
    assert differences("errors.md", rows, error_classes(*SIGN)) == []


def test_the_table_of_the_callback_functions_errors_has_each_of_them() -> None:
    rows = [(int(status), code.strip("`")) for status, code, _ in table("errors.md", "errors: [^>]*callback")]
    codes = [(status, code) for status, code, _ in error_classes("callback")]
    assert differences("errors.md", rows, codes) == []


def test_the_errors_that_both_functions_have_are_named() -> None:
    text = (REFERENCE / "errors.md").read_text(encoding="utf-8")
    [shared] = re.findall(r"errors in common with the signing function: (.*?)\(", text, re.DOTALL)
    codes = [code for _, code, _ in error_classes("shared")]
    assert differences("errors.md", re.findall(r"`(\w+)`", shared), codes) == []


def test_every_log_event_is_in_the_table_and_no_other() -> None:
    events = sorted(set(re.findall(r'\bevent="(\w+)"', sources("."))))
    assert differences("errors.md", names("errors.md", "events"), events) == []


ROUTES_ON = {"MULTIPART_THRESHOLD": "100MB"}
"""Settings that add routes."""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Yields a cloud whose function has every route."""
    with Cloud(tmp_path_factory.mktemp("files"), CloudOptions(settings=ROUTES_ON)) as cloud:
        yield cloud
    cloud.check()


def ask(session: requests.Session, cloud: Cloud, path: str) -> str | None:
    """Returns the route at a path, such as `POST /sign`; None where there is none."""
    answer = session.get(cloud.gateway.url + path, timeout=60)
    if answer.status_code == 404:
        return None
    return f"{answer.headers.get('Allow', 'GET').partition(',')[0]} {path}"


def test_the_table_of_routes_is_that_of_the_function(cloud: Cloud) -> None:
    """Every text in the code that looks like a path is requested, and every two of them joined below a route."""
    texts = {
        node.value
        for node in ast.walk(ast.parse(sources("sign").replace("from __future__ import annotations", "")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    paths = {text for text in texts if re.fullmatch(r"/[\w./~-]+", text)}
    with requests.Session() as session:
        routes = {path: route for path in paths if (route := ask(session, cloud, path))}
        steps = {a + b for a, b in product(routes, paths)}
        routes |= {path: route for path in steps if (route := ask(session, cloud, path))}
    assert differences("http-api.md", names("http-api.md", "routes"), [*routes.values()]) == []


def test_every_place_that_lists_methods_lists_those_of_the_routes(cloud: Cloud) -> None:
    methods = {route.partition(" ")[0] for route in names("http-api.md", "routes")} | {"OPTIONS"}
    function = yaml.safe_load((ROOT / "s.yaml").read_text(encoding="utf-8"))["resources"]["sign"]["props"]
    domain = yaml.safe_load((ROOT / "s.domain.yaml").read_text(encoding="utf-8"))["resources"]["sign"]["props"]
    preflight = requests.options(cloud.gateway.url + "/sign", timeout=60)
    places = {
        "METHODS in functions/shared/fc_http/event.py": preflight.headers["Access-Control-Allow-Methods"].split(", "),
        "s.yaml (sign, triggers)": function["triggers"][0]["triggerConfig"]["methods"],
        "s.domain.yaml (sign, customDomain)": domain["customDomain"]["route"]["methods"],
        "localcloud/dev/cloud.py": cloud.gateway._methods,
    }
    assert {place: sorted(methods ^ {*there}) for place, there in places.items() if {*there} != methods} == {}


# Derived by s.yaml from other values of .env, or known only while deploying.
DERIVED = {"OSS_BUCKET", "OSS_REGION", "OSS_STS_ROLE_ARN", "UPLOAD_URL", "CALLBACK_URL"}
SECRET_LISTS = ("deploy/hooks/hide_secrets.cjs", "deploy/serverless_devs/logs.py")
LAPTOP_ONLY = {"LOCAL", "STS_ENDPOINT", "OSS_ENDPOINT", "CALLBACK_KEY_ORIGIN"}
SECRETS = {"JWT_SECRET", "CALLBACK_SECRET", "MULTIPART_SECRET", "WEBHOOK_URL", "WEBHOOK_SECRET"}
# Anybody may read these in a terminal or in a log.
PUBLIC = DERIVED | {
    *("ALLOWED_ORIGINS", "AUTH", "JWT_JWKS", "JWT_ISSUER", "JWT_AUDIENCE", "UPLOAD_PREFIX", "MAX_SIZE"),
    *("CONTENT_TYPES", "EXPIRES_IN", "FOLDER_FORMS", "CALLBACK", "MULTIPART_THRESHOLD"),
    *("CONTENT_CHECK", "DOWNLOAD_URL_EXPIRES_IN", "WEBHOOK_KIND", "WEBHOOK_LANGUAGE"),
}


def settings_read(folder: str) -> set[str]:
    """Returns what the function reads: its own settings, and those that every function reads."""
    own = set(re.findall(r'\bread\(\s*"([A-Z0-9_]+)"', sources(folder)))
    return own | {"LOCAL", "OSS_ENDPOINT"}


@pytest.mark.parametrize("folder", ["sign", "callback"])
def test_a_setting_is_named_in_every_place(folder: str) -> None:
    """Names each place in which a new setting was forgotten."""
    read = settings_read(folder)
    declared = yaml.safe_load((ROOT / "s.yaml").read_text(encoding="utf-8"))["resources"][folder]["props"]
    example = words(".env.example")
    set_by_people = read - DERIVED - LAPTOP_ONLY
    places = {
        "docs/reference/settings.md": (names("settings.md", f"settings: [^>]*functions/{folder}"), read),
        f"s.yaml ({folder})": (declared["environmentVariables"], read - LAPTOP_ONLY),
        ".env.example": (example & read, set_by_people),
        "SETTINGS in localcloud/dev/settings.py": (set(SETTINGS) & set_by_people, set_by_people),
        f"tests/{folder}/test_settings.py": (words(f"tests/{folder}/test_settings.py") & read, read),
        "CHANGELOG.md": (words("CHANGELOG.md") & set_by_people, set_by_people),
        **{f"the list in {file}": (words(file) & read, read & SECRETS) for file in SECRET_LISTS},
    }
    wrong = [line for place, (there, expected) in places.items() for line in differences(place, [*there], [*expected])]
    undecided = read - PUBLIC - SECRETS - LAPTOP_ONLY
    wrong += [f"{name} is not in SECRETS of this file if no log may have it, else in PUBLIC" for name in undecided]
    assert not wrong, "\n".join(sorted(wrong))


def words(file: str) -> set[str]:
    """Returns the words of a file that are spelt as settings are."""
    return set(re.findall(r"\b[A-Z][A-Z0-9_]+\b", (ROOT / file).read_text(encoding="utf-8")))


RULES = (
    *(("sign", name) for name in SignSettings.__dataclass_fields__),
    *(("sign", name) for name in Profile.__dataclass_fields__),
    *(("callback", name) for name in CallbackSettings.__dataclass_fields__),
)
ELSEWHERE = {
    "keep_days": "deploy/profiles.py makes lifecycle rules of it",
}
"""What these packages need not use, and why."""


@pytest.mark.parametrize(("folder", "name"), RULES)
def test_what_the_settings_have_is_used(folder: str, name: str) -> None:
    """Fails for what is read and has no effect: use it wherever it must hold."""
    readers = ("settings.py", "profiles.py")
    trees = [
        ast.parse(file.read_text(encoding="utf-8"))
        for file in (ROOT / "functions" / folder).rglob("*.py")
        if file.name not in readers
    ]
    used = {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert name in used | ELSEWHERE.keys(), (
        f"{name} has no effect: use it wherever it must hold, or list it in ELSEWHERE"
    )


NOT_IN_LIMITS = {
    "callback": "OSS calls back, whatever the page does",
    "requires_claim": "a token that lacks the claim is refused",
    "keep_days": "files are deleted long after the page is closed",
}
"""Rules of profiles that pages need not know, and why."""
OTHER_NAMES_IN_LIMITS = {"name": "profile", "multipart": "multipart_threshold"}


def test_pages_can_ask_for_every_rule_that_concerns_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names the rules that GET /limits leaves out, and members of it that its table lacks."""
    function = Function(
        monkeypatch, {"photos": {"requires_claim": False}}, MULTIPART_THRESHOLD="1MB", MULTIPART_SECRET=new_secret()
    )
    members = json.loads(function.request("GET", "/limits", query={"profile": "photos"})["body"])
    rules = [
        OTHER_NAMES_IN_LIMITS.get(name, name) for name in Profile.__dataclass_fields__ if name not in NOT_IN_LIMITS
    ]
    section = (
        (REFERENCE / "http-api.md").read_text(encoding="utf-8").partition("\n## Limits\n")[2].partition("\n## ")[0]
    )
    wrong = [f"{name} is not in GET /limits, nor in NOT_IN_LIMITS here" for name in rules if name not in members]
    wrong += [f"{name} is not in docs/reference/http-api.md, Limits" for name in members if f"`{name}`" not in section]
    assert not wrong, "\n".join(wrong)


FOR_ANYBODY = {"GET /limits"}
"""Routes that answer without a token."""


def test_every_other_route_wants_a_token(make: Make) -> None:
    function = make(AUTH="jwt", JWT_SECRET=new_secret(), MULTIPART_SECRET=new_secret(), **ROUTES_ON)
    routes = [route for route in names("http-api.md", "routes") if route not in FOR_ANYBODY]
    answers = {route: function.request(*route.split(" "), body="{}")["statusCode"] for route in routes}
    wrong = {route: status for route, status in answers.items() if status != 401}
    assert not wrong, f"Without a token these must answer 401 (_authenticate in routes.py): {wrong}"


READERS: dict[str, Callable[[dict[str, str]], object]] = {
    "sign": SignSettings.from_environ,
    "callback": CallbackSettings.from_environ,
}
JWKS = {"keys": [ECKey.generate_key().as_dict(private=False, kid="1", alg="ES256")]}
TICKETS, PARTS = {"CALLBACK_SECRET": new_secret()}, {"MULTIPART_SECRET": new_secret()}
ENVIRONS: dict[tuple[str, str], dict[str, str]] = {
    ("sign", ""): factories.ENVIRON | {"AUTH": "", "JWT_SECRET": new_secret()},
    ("sign", "JWT_SECRET"): factories.ENVIRON
    | {"AUTH": "", "JWT_JWKS": json.dumps(JWKS), "JWT_ISSUER": "https://a.example", "JWT_AUDIENCE": "a"},
    ("sign", "CALLBACK=on"): factories.ENVIRON | TICKETS | {"CALLBACK": "on", "CALLBACK_URL": "https://a.example"},
    ("sign", "MULTIPART_THRESHOLD"): factories.ENVIRON | PARTS | {"MULTIPART_THRESHOLD": "1MB"},
    ("callback", ""): {"OSS_BUCKET": "team-uploads", "OSS_REGION": "cn-hangzhou"} | TICKETS,
    ("callback", "WEBHOOK_URL"): {"OSS_BUCKET": "team-uploads", "OSS_REGION": "cn-hangzhou"}
    | TICKETS
    | {"WEBHOOK_URL": "https://a.example/", "WEBHOOK_SECRET": f"whsec_{base64.b64encode(bytes(32)).decode()}"},
}
"""Settings of a function that are complete, by the condition that the column of defaults names: with, or without."""

IN_WORDS = {
    "CONTENT_TYPES": "all known types, and everything else as `application/octet-stream`",
    "MULTIPART_THRESHOLD": "no parts",
    "DOWNLOAD_URL_EXPIRES_IN": "no address",
    "WEBHOOK_URL": "no webhook",
    "STS_ENDPOINT": "the region's STS",
    "OSS_ENDPOINT": "the region's OSS",
}
DEFAULTS = [
    (folder, row[0].strip("`"), *re.fullmatch(r"(.*?)(?: with(?:out)? `(.*)`)?", clause).groups(""))  # type: ignore[union-attr]
    for folder in ("sign", "callback")
    for row in table("settings.md", f"settings: [^>]*functions/{folder}")
    for clause in row[2].split("; ")
]


@pytest.mark.parametrize(("folder", "name", "default", "condition"), DEFAULTS)
def test_a_default_is_the_functions(folder: str, name: str, default: str, condition: str) -> None:
    """A setting that is not set counts as its default does, or is missing."""
    read = READERS[folder]
    environ = ENVIRONS[folder, condition] | ({"LOCAL": "on"} if name in LAPTOP_ONLY - {"LOCAL"} else {})
    without = {other: value for other, value in environ.items() if other != name}
    if default == "required":
        with pytest.raises(InvalidSettings) as caught:
            read(without)
        assert caught.value.faults == (f"{name} is missing",)
    elif default.startswith("this, "):
        with pytest.raises(InvalidSettings, match="JWT_SECRET is missing, and so are JWT_JWKS and JWT_ISSUER"):
            read({other: value for other, value in without.items() if f"`{other}`" not in default})
    elif name in IN_WORDS:
        assert (default, read(without)) == (IN_WORDS[name], read(without | {name: ""}))
    else:
        value = default.strip("`").replace("<bucket>", "team-uploads").replace("<region>", "cn-hangzhou")
        assert read(without) == read(without | {name: value})


@pytest.mark.parametrize("folder", READERS)
def test_no_secret_is_in_what_the_settings_print(folder: str) -> None:
    secrets = settings_read(folder) & SECRETS
    environs = [environ for (of, _), environ in ENVIRONS.items() if of == folder]
    printed = {
        name
        for environ in environs
        for name in secrets & environ.keys()
        if environ[name] in repr(READERS[folder](environ))
    }
    assert (secrets.difference(*environs), printed) == (set(), set())


@pytest.mark.parametrize("folder", ["sign", "callback"])
def test_where_a_setting_is_set_is_documented(folder: str) -> None:
    for name, _, _, where in table("settings.md", f"settings: [^>]*functions/{folder}"):
        setting = name.strip("`")
        expected = "`s.yaml`" if setting in DERIVED else "laptops only" if setting in LAPTOP_ONLY else "`.env`"
        assert where.startswith(expected), setting


def test_every_variable_of_the_example_is_in_the_reference() -> None:
    example = re.findall(r"^#? ?([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    page = (REFERENCE / "settings.md").read_text(encoding="utf-8")
    assert [name for name in example if f"`{name}`" not in page] == []


def test_the_variables_of_make_dev_are_in_its_table() -> None:
    tree = ast.parse((ROOT / "localcloud" / "dev" / "__main__.py").read_text(encoding="utf-8"))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    read = {text for text in texts if re.fullmatch(r"[A-Z]+(_[A-Z]+)*", text)} - set(SETTINGS)
    page = (ROOT / "docs" / "development.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[A-Z]+.*?) \|", page, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`([A-Z_]+)", row) if not name.startswith("PAGE_")} == read


def test_the_line_of_json_has_these_members() -> None:
    tree = ast.parse((ROOT / "localcloud" / "dev" / "__main__.py").read_text(encoding="utf-8"))
    members = [
        [ast.literal_eval(key) for key in node.keys if key] for node in ast.walk(tree) if isinstance(node, ast.Dict)
    ]
    [printed] = [each for each in members if "security_token" in each]
    page = (ROOT / "docs" / "development.md").read_text(encoding="utf-8")
    [named] = re.findall(r"for scripts: `([a-z_ ]+)`", page)
    assert named.split() == printed


@pytest.mark.parametrize(
    ("page", "sentence", "limit"),
    [
        ("identity.md", "| `sub` | required, 1 to {} characters", MAX_SUBJECT),
        ("identity.md", "| `jti` | with `max_files`, 1 to {} characters", MAX_SUBJECT),
        ("identity.md", "| `max_files` | optional, 1 to {:,}:", MAX_LINK_FILES),
        ("identity.md", "| `title` | optional, one line of 1 to {} characters", MAX_TITLE),
        ("identity.md", "| `note` | optional, 1 to {} characters", MAX_NOTE),
        ("identity.md", "A token is at most {:,} characters long.", MAX_TOKEN_LENGTH),
        ("links.md", "a line of at most {} characters", MAX_TITLE),
        ("links.md", "and a text of at most {} ", MAX_NOTE),
        ("reference/http-api.md", "1 to {} files, at most", MAX_FILES),
        ("reference/http-api.md", "files, at most {} KB", MAX_BODY_BYTES // 1024),
        ("reference/http-api.md", "`ticket`, `parts`: 1 to {} numbers", MAX_URLS),
        ("reference/errors.md", "Ask for 1 to {} files at a time.", MAX_FILES),
        ("reference/errors.md", "Send at most {} KB:", MAX_BODY_BYTES // 1024),
        ("multipart.md", "`parts`: 1 to {} numbers", MAX_URLS),
    ],
)
def test_a_limit_that_a_document_names_is_the_functions(page: str, sentence: str, limit: int) -> None:
    assert sentence.format(limit) in (ROOT / "docs" / page).read_text(encoding="utf-8")
