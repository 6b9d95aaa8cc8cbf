"""Tests the settings: what is read, what is refused, and that one error names every fault."""

from __future__ import annotations

import secrets
from operator import attrgetter

import pytest

from direct_upload import content_types
from direct_upload.multipart import MultipartSettings
from direct_upload.profiles import Profile
from direct_upload.settings import Settings
from direct_upload.tokens import Issuer, Key
from fc_http.environment import listed_origins
from fc_http.errors import InvalidSettings
from support import factories
from support.factories import faults
from support.tokens import new_secret


def read(**more: str) -> Settings:
    return Settings.from_environ(factories.ENVIRON | more)


def test_the_least_that_must_be_set_is_enough() -> None:
    assert Settings.from_environ(factories.ENVIRON) == Settings(
        bucket="team-uploads",
        region="cn-hangzhou",
        role_arn="acs:ram::1234567890123456:role/oss-upload",
        upload_url="https://team-uploads.oss-cn-hangzhou.aliyuncs.com",
        prefix="uploads",
        profiles={"default": Profile("default", 100_000_000, content_types.DEFAULT, 600, True, False, False)},
        issuer=None,
        callback=None,
        multipart=None,
        sts_endpoint="",
    )


def test_no_default_type_can_run_scripts_and_each_has_an_extension() -> None:
    assert content_types.parse(",".join(content_types.DEFAULT)) == content_types.DEFAULT


@pytest.mark.parametrize(
    ("name", "value", "attribute", "expected"),
    [
        ("UPLOAD_URL", "https://files.example.com", "upload_url", "https://files.example.com"),
        ("UPLOAD_URL", "https://files.example.com/", "upload_url", "https://files.example.com"),
        ("UPLOAD_PREFIX", "in/2024", "prefix", "in/2024"),
        ("UPLOAD_PREFIX", "in/", "prefix", "in"),
        ("MAX_SIZE", "1", "default.max_size", 1),
        ("MAX_SIZE", "20KB", "default.max_size", 20_000),
        ("MAX_SIZE", "1 MB", "default.max_size", 1_000_000),
        ("MAX_SIZE", "5GB", "default.max_size", 5_000_000_000),
        ("CONTENT_TYPES", "image/png, image/JPEG", "default.content_types", {"image/png": "png", "image/jpeg": "jpg"}),
        ("CONTENT_TYPES", "model/stl=stl,", "default.content_types", {"model/stl": "stl"}),
        ("CONTENT_TYPES", "image/png=apng", "default.content_types", {"image/png": "apng"}),
        (
            "CONTENT_TYPES",
            ".stl, chemical/x-mine=bin",
            "default.content_types",
            {"model/stl": "stl", "chemical/x-mine": "bin"},
        ),
        ("EXPIRES_IN", "60", "default.expires_in", 60),
        ("EXPIRES_IN", "3000", "default.expires_in", 3000),
        ("FOLDER_FORMS", "off", "default.folder_forms", False),
    ],
)
def test_a_setting_is_read(name: str, value: str, attribute: str, expected: object) -> None:
    assert attrgetter(attribute)(read(**{name: value})) == expected


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("OSS_BUCKET", "", "OSS_BUCKET is missing"),
        ("OSS_BUCKET", "ab", "OSS_BUCKET must be a bucket's name alone (3 to 63 of a-z, 0-9 and -), not 'ab'"),
        ("OSS_BUCKET", "-ab", "OSS_BUCKET must be a bucket's name alone (3 to 63 of a-z, 0-9 and -), not '-ab'"),
        ("OSS_BUCKET", "b.oss-cn-hangzhou.aliyuncs.com", "OSS_BUCKET must be a bucket's name alone (3 to 63 of a-z, 0-9 and -), not 'b.oss-cn-hangzhou.aliyuncs.com'"),
        ("OSS_REGION", "oss-cn-hangzhou", "OSS_REGION must be the region's ID: cn-hangzhou, not oss-cn-hangzhou"),
        ("OSS_REGION", "Hangzhou", "OSS_REGION must be a region's ID such as cn-hangzhou, not 'Hangzhou'"),
        ("OSS_STS_ROLE_ARN", "acs:ram::1:user/me", "OSS_STS_ROLE_ARN must look like acs:ram::<account>:role/<name>"),
        ("UPLOAD_URL", "http://files.example.com", "UPLOAD_URL must be https://host without a path, not 'http://files.example.com'"),
        ("UPLOAD_URL", "https://a.example/in", "UPLOAD_URL must be https://host without a path, not 'https://a.example/in'"),
        ("UPLOAD_URL", "https://u:p@a.example", "UPLOAD_URL must be https://host without a path, not one with a user's name or password in it"),
        ("UPLOAD_URL", "https://:p@a.example", "UPLOAD_URL must be https://host without a path, not one with a user's name or password in it"),
        ("UPLOAD_URL", "https://a.example:x", "UPLOAD_URL must be https://host without a path, not 'https://a.example:x'"),
        ("MAX_SIZE", "0", "MAX_SIZE must be a whole number of bytes, or of KB, MB, GB or TB, such as 100MB, not '0'"),
        ("MAX_SIZE", "1.5GB", "MAX_SIZE must be a whole number of bytes, or of KB, MB, GB or TB, such as 100MB, not '1.5GB'"),
        ("MAX_SIZE", "100MiB", "MAX_SIZE must be a whole number of bytes, or of KB, MB, GB or TB, such as 100MB, not '100MiB'"),
        ("MAX_SIZE", "5000000001", "MAX_SIZE must be at most 5GB, which is what OSS takes in one post: set MULTIPART_THRESHOLD"),
        ("MAX_SIZE", "1000000000001", "MAX_SIZE must be at most 1TB, not 1000000000001"),
        ("CONTENT_TYPES", ",", "CONTENT_TYPES names no type"),
        ("CONTENT_TYPES", "png", "CONTENT_TYPES 'png' is not a content type"),
        ("CONTENT_TYPES", "*/*", "CONTENT_TYPES '*/*' is not a content type"),
        ("CONTENT_TYPES", "paper/*", "CONTENT_TYPES 'paper/*' is not a content type"),
        ("CONTENT_TYPES", "image/*=png", "CONTENT_TYPES 'image/*=png' is not a content type"),
        ("CONTENT_TYPES", ".svg", "CONTENT_TYPES '.svg' would store files under an extension that is not known to be harmless (known_types.py): allow application/octet-stream, or give the type the extension bin"),
        ("CONTENT_TYPES", ".bin", "CONTENT_TYPES '.bin' would let any file in: write application/octet-stream if you mean that"),
        ("CONTENT_TYPES", "model/x-mine", "CONTENT_TYPES 'model/x-mine' needs an extension of letters and digits, as in model/x-mine=bin"),
        ("CONTENT_TYPES", "model/stl=a/b", "CONTENT_TYPES 'model/stl=a/b' needs an extension of letters and digits, as in model/stl=bin"),
        ("CONTENT_TYPES", "text/html=html", "CONTENT_TYPES text/html can run scripts in the browser that opens the file"),
        ("CONTENT_TYPES", "image/svg+xml=svg", "CONTENT_TYPES image/svg+xml can run scripts in the browser that opens the file"),
        ("CONTENT_TYPES", "text/xml=xml", "CONTENT_TYPES text/xml can run scripts in the browser that opens the file"),
        ("CONTENT_TYPES", "text/javascript=js", "CONTENT_TYPES text/javascript can run scripts in the browser that opens the file"),
        *(
            ("CONTENT_TYPES", f"{kind}=x", f"CONTENT_TYPES {kind} can run scripts in the browser that opens the file")
            for kind in ("text/xsl", "multipart/x-mixed-replace", "text/rdf", "application/mathml", "application/hta", "text/vbscript")
        ),
        *(
            ("CONTENT_TYPES", f"{kind}=bin", f"CONTENT_TYPES {kind} can run scripts in the browser that opens the file")
            for kind in ("application/unknown", "unknown/unknown", "application/x-unknown-content-type", "application/x-vnd.mozilla.guess-from-ext")
        ),
        *(
            ("CONTENT_TYPES", f"text/plain={extension}", f"CONTENT_TYPES 'text/plain={extension}' would store files under an extension that is not known to be harmless (known_types.py): allow application/octet-stream, or give the type the extension bin")
            for extension in ("html", "svg", "js", "xml", "exe", "php", "ps1", "msi", "lnk", "sh", "jsp", "docm")
        ),
        *(
            ("CONTENT_TYPES", f"{kind}=bin", f"CONTENT_TYPES {kind} is a type of programs")
            for kind in ("application/x-sh", "application/x-msdownload", "application/java-archive", "application/x-xpinstall", "application/x-powershell", "application/x-httpd-php", "application/vnd.android.package-archive")
        ),
        ("EXPIRES_IN", "59", "EXPIRES_IN must be 60 to 3000 seconds, not '59'"),
        ("EXPIRES_IN", "3001", "EXPIRES_IN must be 60 to 3000 seconds, not '3001'"),
        ("EXPIRES_IN", "10m", "EXPIRES_IN must be 60 to 3000 seconds, not '10m'"),
        ("AUTH", "", "JWT_SECRET is missing, and so are JWT_JWKS and JWT_ISSUER: set one of them, or AUTH=none to let anybody upload"),
        ("AUTH", "basic", "AUTH must be jwt, or none to let anybody upload, not 'basic'"),
        ("FOLDER_FORMS", "no", "FOLDER_FORMS must be on or off, not 'no'"),
        ("CONTENT_CHECK", "report", "CONTENT_CHECK is set, and CALLBACK is not on: set CALLBACK=on, or remove CONTENT_CHECK"),
        ("DOWNLOAD_URL_EXPIRES_IN", "600", "DOWNLOAD_URL_EXPIRES_IN is set, and CALLBACK is not on: set CALLBACK=on, or remove DOWNLOAD_URL_EXPIRES_IN"),
        ("STS_ENDPOINT", "http://127.0.0.1:1", "STS_ENDPOINT is for local runs only: remove it, or set LOCAL=on on a laptop"),
        ("LOCAL", "yes", "LOCAL must be on or off, not 'yes'"),
        ("DEBUG", "sdk", "DEBUG makes the vendor's SDK print security tokens: remove it"),
    ],
)  # fmt: skip
def test_a_faulty_setting_is_named_with_its_cure(name: str, value: str, fault: str) -> None:
    assert faults(factories.ENVIRON | {name: value}) == (fault,)


@pytest.mark.parametrize("prefix", ["/", "/in", "in//a", "..", "in/../a", "in/./a", "${filename}", "in a", "ü"])
def test_a_prefix_that_leaves_its_place_is_a_fault(prefix: str) -> None:
    assert faults(factories.ENVIRON | {"UPLOAD_PREFIX": prefix}) == (
        f"UPLOAD_PREFIX must be a relative path of letters, digits and . _ - such as uploads, not {prefix.strip()!r}",
    )


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "null",
        "app.example.com",
        "http://app.example.com",
        "https://app.example.com/",
        "https://app.example.com/path",
        "https://*.example.com",
        "https://App.example.com",
        "https://app.example.com:443",
        "https://app.example.com:99999",
        "https://",
        "https://app.example.com?x",
        "capacitor://",
        "capacitor://localhost/",
        "capacitor://localhost:8080",
        "capacitor://Localhost",
        "capacitor://*",
        "ionic:localhost",
        "http://tauri.localhost:80",
        "http://tauri.localhost.example",
        "http://localhost",
        "file://",
        "chrome-extension://abcdef",
        "myapp://localhost",
    ],
)
def test_what_is_no_exact_origin_is_a_fault(origin: str) -> None:
    assert faults(factories.ENVIRON | {"ALLOWED_ORIGINS": f"https://a.example,{origin}"}) == (
        f"ALLOWED_ORIGINS must list exact origins such as https://app.example.com, not {origin!r}",
    )


WEB_VIEWS = (
    *("capacitor://localhost", "capacitor://app.example.com", "ionic://localhost", "tauri://localhost"),
    *("http://tauri.localhost", "https://tauri.localhost", "https://localhost"),
)


@pytest.mark.parametrize("origin", WEB_VIEWS)
def test_the_origin_of_a_web_view_may_be_listed_by_name(origin: str) -> None:
    origins = f" https://a.example , {origin}"
    assert read(ALLOWED_ORIGINS=origins) == read()
    assert listed_origins({"ALLOWED_ORIGINS": origins}) == ("https://a.example", origin)


@pytest.mark.parametrize("origin", ["capacitor://localhost", "http://tauri.localhost"])
def test_an_address_is_not_that_of_a_web_view(origin: str) -> None:
    assert faults(factories.ENVIRON | {"UPLOAD_URL": origin}) == (
        f"UPLOAD_URL must be https://host without a path, not {origin!r}",
    )


PASSWORD = secrets.token_hex(16)
SECRET_URL = f"https://:{PASSWORD}@a.example"


@pytest.mark.parametrize(
    "more",
    [
        {"ALLOWED_ORIGINS": SECRET_URL},
        {"ALLOWED_ORIGINS": f"https://a.example,{SECRET_URL}/"},
        {"UPLOAD_URL": SECRET_URL},
        {"CALLBACK": "on", "CALLBACK_URL": SECRET_URL, "CALLBACK_SECRET": new_secret()},
        {"LOCAL": "on", "STS_ENDPOINT": SECRET_URL},
        {"LOCAL": "on", "OSS_ENDPOINT": SECRET_URL, "MULTIPART_THRESHOLD": "1MB", "MULTIPART_SECRET": new_secret()},
        {"AUTH": "jwt", "JWT_SECRET": new_secret(), "JWT_ISSUER": SECRET_URL},
    ],
    ids=lambda more: next(name for name, value in more.items() if SECRET_URL in value),
)
def test_an_address_with_a_password_is_a_fault_and_not_repeated(more: dict[str, str]) -> None:
    [fault] = faults(factories.ENVIRON | more)
    assert (fault.rpartition("user")[2], PASSWORD in fault) == ("'s name or password in it", False)


def test_an_empty_list_of_origins_is_a_fault() -> None:
    assert faults(factories.ENVIRON | {"ALLOWED_ORIGINS": " , "}) == (
        "ALLOWED_ORIGINS lists no origin: add your page's, such as https://app.example.com",
    )


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(InvalidSettings) as caught:
        Settings.from_environ({"MAX_SIZE": "big", "LOCAL": "on", "FC_FUNCTION_NAME": "sign"})
    assert str(caught.value).splitlines() == [
        "Some settings are wrong. Fix these, and start again:",
        "  - OSS_BUCKET is missing",
        "  - OSS_REGION is missing",
        "  - OSS_STS_ROLE_ARN is missing",
        "  - MAX_SIZE must be a whole number of bytes, or of KB, MB, GB or TB, such as 100MB, not 'big'",
        "  - JWT_SECRET is missing, and so are JWT_JWKS and JWT_ISSUER: set one of them, or AUTH=none to let anybody upload",
        "  - ALLOWED_ORIGINS is missing",
        "  - LOCAL is for laptops only: remove it from the function's environment",
    ]


SECRET = "0123456789abcdef0123456789abcdef"


def test_with_a_secret_tokens_are_our_own() -> None:
    assert read(AUTH="jwt", JWT_SECRET=SECRET).issuer == Issuer(
        "oss-direct-upload", "oss-direct-upload", (Key("HS256", None, SECRET),)
    )


PARTS = {"MULTIPART_THRESHOLD": "100MB", "MULTIPART_SECRET": SECRET}


def test_files_from_a_size_on_are_sent_in_parts() -> None:
    internal = "https://team-uploads.oss-cn-hangzhou-internal.aliyuncs.com"
    assert read(**PARTS).multipart == MultipartSettings(100_000_000, (SECRET,), internal)


def test_only_parts_carry_more_than_a_post() -> None:
    assert read(**PARTS, MAX_SIZE="1TB").default.max_size == 10**12


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"MULTIPART_THRESHOLD": "999KB"}, "MULTIPART_THRESHOLD must be 1MB to 5GB, not 999KB"),
        ({"MULTIPART_THRESHOLD": "6GB"}, "MULTIPART_THRESHOLD must be 1MB to 5GB, not 6GB"),
        ({"MULTIPART_SECRET": ""}, "MULTIPART_SECRET is missing"),
        ({"OSS_ENDPOINT": "http://127.0.0.1:1"}, "OSS_ENDPOINT is for local runs only: remove it, or set LOCAL=on on a laptop"),
    ],
)  # fmt: skip
def test_a_faulty_setting_of_parts_is_named(more: dict[str, str], fault: str) -> None:
    assert faults(factories.ENVIRON | PARTS | more) == (fault,)


def test_on_a_laptop_parts_are_managed_through_a_stand_in() -> None:
    multipart = read(**PARTS, LOCAL="on", OSS_ENDPOINT="http://127.0.0.1:8083").multipart
    assert multipart == MultipartSettings(100_000_000, (SECRET,), "http://127.0.0.1:8083")


def test_issuer_and_audience_can_be_another_programs() -> None:
    issuer = read(AUTH="jwt", JWT_SECRET=SECRET, JWT_ISSUER="https://login.example.com", JWT_AUDIENCE="upload").issuer
    assert issuer == Issuer("https://login.example.com", "upload", (Key("HS256", None, SECRET),))


def test_with_a_jwks_both_must_be_named() -> None:
    environ = factories.ENVIRON | {"AUTH": "jwt", "JWT_JWKS": "{}"}
    assert faults(environ) == (
        'JWT_JWKS must be a JWK Set: {"keys":[…]}',
        "JWT_ISSUER is missing",
        "JWT_AUDIENCE is missing",
    )


def test_with_an_issuer_alone_its_keys_are_discovered() -> None:
    issuer = read(AUTH="jwt", JWT_ISSUER="https://id.example.com/team/", JWT_AUDIENCE="uploads").issuer
    assert issuer == Issuer("https://id.example.com/team/", "uploads", ())


def test_on_a_laptop_the_provider_may_be_a_stand_in() -> None:
    issuer = read(AUTH="jwt", LOCAL="on", JWT_ISSUER="http://127.0.0.1:8085", JWT_AUDIENCE="uploads").issuer
    assert issuer == Issuer("http://127.0.0.1:8085", "uploads", ())


PROVIDER = "JWT_ISSUER must be the https address of your identity provider, as its tokens spell it, or set JWT_SECRET or JWT_JWKS, not"


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"JWT_AUDIENCE": ""}, "JWT_AUDIENCE is missing"),
        ({"JWT_ISSUER": "us"}, f"{PROVIDER} 'us'"),
        ({"JWT_ISSUER": "http://id.example.com"}, f"{PROVIDER} 'http://id.example.com'"),
        ({"JWT_ISSUER": "http://127.0.0.1:8085"}, f"{PROVIDER} 'http://127.0.0.1:8085'"),
        ({"JWT_ISSUER": "http://id.example.com", "LOCAL": "on"}, f"{PROVIDER} 'http://id.example.com'"),
        ({"JWT_ISSUER": "https://id.example.com/?a=b"}, f"{PROVIDER} 'https://id.example.com/?a=b'"),
        ({"JWT_ISSUER": "https://id.example.com/#a"}, f"{PROVIDER} 'https://id.example.com/#a'"),
        ({"JWT_ISSUER": f"https://:{PASSWORD}@a.example"}, f"{PROVIDER} one with a user's name or password in it"),
    ],
)
def test_what_keys_cannot_be_discovered_with_is_a_fault(more: dict[str, str], fault: str) -> None:
    environ = {"AUTH": "jwt", "JWT_ISSUER": "https://id.example.com", "JWT_AUDIENCE": "uploads"}
    assert faults(factories.ENVIRON | environ | more) == (fault,)


def test_there_is_one_kind_of_key() -> None:
    environ = factories.ENVIRON | {"AUTH": "jwt", "JWT_JWKS": "{}", "JWT_SECRET": SECRET}
    assert faults(environ) == ("JWT_SECRET and JWT_JWKS are both set: remove one",)


def test_no_secret_is_in_a_fault_or_a_repr() -> None:
    short = "0123456789abcdef0123456789abcde"
    assert short not in str(faults(factories.ENVIRON | {"AUTH": "jwt", "JWT_SECRET": short}))
    assert SECRET not in repr(read(AUTH="jwt", JWT_SECRET=SECRET))
    assert SECRET not in repr(read(MULTIPART_THRESHOLD="1MB", MULTIPART_SECRET=SECRET))


def test_on_a_laptop_cleartext_and_a_stand_in_for_sts_are_allowed() -> None:
    settings = read(
        LOCAL="on",
        STS_ENDPOINT="http://127.0.0.1:8081",
        UPLOAD_URL="http://127.0.0.1:8082",
        ALLOWED_ORIGINS="http://localhost:8080",
    )
    assert (settings.sts_endpoint, settings.upload_url) == ("http://127.0.0.1:8081", "http://127.0.0.1:8082")


@pytest.mark.parametrize(
    ("size", "life"), [(1, 600), (30_000_000, 600), (30_050_000, 601), (100_000_000, 2000), (5_000_000_000, 3000)]
)
def test_a_form_lives_long_enough_for_a_slow_line_within_bounds(size: int, life: int) -> None:
    assert read(MAX_SIZE="5GB").default.form_lifetime(size) == life


def test_the_longest_life_is_that_of_the_largest_file() -> None:
    assert (read(MAX_SIZE="1KB").max_form_lifetime, read().max_form_lifetime) == (600, 2000)


def test_listed_origins_are_those_that_are_origins_whatever_else_is_wrong() -> None:
    text = "*, https://a.example,http://b.example,null,capacitor://localhost,myapp://localhost"
    assert listed_origins({"ALLOWED_ORIGINS": text}) == (
        "https://a.example",
        "http://b.example",
        "capacitor://localhost",
    )
    assert listed_origins({}) == ()


def test_a_secret_has_no_blanks_which_programs_that_print_settings_break_lines_at() -> None:
    secret = f"{new_secret()} {new_secret()}"
    fault = "JWT_SECRET must have no blanks in it; make one with: openssl rand -hex 32"
    assert faults(factories.ENVIRON | {"AUTH": "jwt", "JWT_SECRET": secret}) == (fault,)
