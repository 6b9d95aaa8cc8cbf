"""The page as it is published: fewer bytes and fewer files of the same modules, the same on every machine."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from pathlib import Path

import pytest

from deploy.site import minifier
from deploy.site.files import PLACEHOLDER, SiteFile, site_files

pytestmark = pytest.mark.node_modules

WEB = Path(__file__).parents[3] / "web"

COMPRESSED = {
    *("text/cache-manifest", "text/xml", "text/css", "text/html", "text/plain", "application/javascript"),
    *("application/x-javascript", "application/rss+xml", "application/json", "text/json"),
}
"""What OSS compresses from 1 KB on: https://www.alibabacloud.com/help/faq-detail/39645.html."""


def publish(web: Path) -> dict[str, SiteFile]:
    return {file.key: file for file in site_files(web, "https://sign.example.com", "https://files.example.com", {})}


@pytest.fixture(scope="module")
def site() -> dict[str, SiteFile]:
    """Provides the project's own page."""
    return publish(WEB)


def loaded_at_once(site: dict[str, SiteFile]) -> list[str]:
    return re.findall(r'(?:src|href)="([^":]+)"', site["index.html"].content.decode())


def without_hash(name: str) -> str:
    return re.sub(r"-[0-9A-Z]{8}\.", ".", name)


def size_of(*files: SiteFile) -> int:
    return sum(len(gzip.compress(file.content, 9)) for file in files)


def own_page(folder: Path, **files: str) -> Path:
    """Makes a page of an owner's own; an underscore stands for the dot of a name."""
    head = f'<meta content="{PLACEHOLDER}">'
    for name, text in {"index_html": "", **files}.items():
        path = folder / name.replace("_", ".")
        path.write_text(head + text if path.name == "index.html" else text, encoding="utf-8")
    return folder


def test_the_page_is_a_few_files_and_no_module_is_lost(site: dict[str, SiteFile]) -> None:
    texts = {path.name for path in WEB.glob("*.json")} - {"package.json", "tsconfig.json"}
    assert sorted(without_hash(key) for key in site if not key.endswith(".map")) == sorted(
        [
            *("404.html", "chunk.js", "config.json", "index.html", "later.js"),
            *("style.css", *texts),
        ]
    )
    maps = [json.loads(file.content)["sources"] for key, file in site.items() if key.endswith(".js.map")]
    modules = {name for sources in maps for name in sources}
    # Its numbers are written where they are used.
    assert modules | {"form-lifetime.js"} == {file.name for file in WEB.glob("*.js")} - {"package.js"}


def test_the_page_loads_one_script_and_one_style_sheet_at_once(site: dict[str, SiteFile]) -> None:
    names = loaded_at_once(site)
    assert [without_hash(name) for name in names] == ["style.css", "chunk.js"]
    assert f'<link rel="stylesheet" href="/{names[0]}">' in site["404.html"].content.decode()


def test_what_several_scripts_import_is_loaded_along_with_each(tmp_path: Path) -> None:
    script = '<script type="module" src="{}.js"></script>'.format
    web = own_page(
        tmp_path,
        index_html=script("one") + script("two"),
        one_js='import { part } from "./part.js"; console.log(1, part());',
        two_js='import { part } from "./part.js"; console.log(2, part());',
        part_js="export const part = () => document.title;",
    )
    site = publish(web)
    part, one, _, two = loaded_at_once(site)
    assert (
        f'<link rel="modulepreload" href="{part}"><script type="module" src="{one}">'
        in site["index.html"].content.decode()
    )
    assert f'from"./{part}"' in site[one].content.decode()
    assert [without_hash(name) for name in (part, one, two)] == ["chunk.js", "one.js", "two.js"]


def test_what_is_loaded_later_names_only_what_is_asked_of_it_by_name(site: dict[str, SiteFile]) -> None:
    [later] = [file for key, file in site.items() if re.fullmatch(r"later-\w+\.js", key)]
    [names] = re.findall(r"export\{([^}]*)\};\n", later.content.decode())
    exported = {name.rpartition(" as ")[2] for name in names.split(",")}
    assert exported & {"FailureReport", "MultipartUploader", "createSelection", "keepAwake"} == {
        *("FailureReport", "MultipartUploader", "createSelection", "keepAwake"),
    }
    # For tests alone, for types alone, and imported before anything runs.
    assert exported & {"isAccepted", "FileSelection", "isDownloadable"} == set()


def test_only_names_that_nobody_else_knows_are_shortened(site: dict[str, SiteFile]) -> None:
    script = minifier.SCRIPT.read_text(encoding="utf-8")
    [listed] = re.findall(r"^const INTERNAL = new RegExp\((.*?)\);", script, re.MULTILINE | re.DOTALL)
    names = set(re.findall(r'"(\w\w+)"', listed))
    modules = "\n".join(path.read_text(encoding="utf-8") for path in WEB.glob("*.js"))
    documents = [*(WEB.parent / "docs").rglob("*.md"), *WEB.parent.glob("README*.md"), WEB / "README.md"]
    known = "\n".join(path.read_text(encoding="utf-8") for path in documents)
    page = b"".join(file.content for key, file in site.items() if key.endswith(".js")).decode()
    elsewhere = {name for name in names if name in page or f'"{name}"' in modules or re.search(rf"\b{name}\b", known)}
    assert (len(names) > 30, {name for name in names if f".{name}" not in modules}, elsewhere) == (True, set(), set())


def test_the_first_visit_is_light(site: dict[str, SiteFile]) -> None:
    """Bytes as OSS sends them, compressed."""
    at_once = [site[name] for name in loaded_at_once(site)]
    scripts = size_of(*(file for file in at_once if file.key.endswith(".js")))
    shown = scripts + size_of(site["index.html"], site["config.json"], site["en.json"])
    shown += size_of(*(file for file in at_once if file.key.endswith(".css")))
    later = [file for key, file in site.items() if key.endswith(".js") and file not in at_once]
    assert (scripts <= 9_000, shown <= 14_000, shown + size_of(*later) <= 38_000) == (True, True, True)


def test_the_same_sources_make_the_same_bytes_in_any_folder(site: dict[str, SiteFile], tmp_path: Path) -> None:
    shutil.copytree(WEB, tmp_path / "elsewhere" / "page")
    assert publish(tmp_path / "elsewhere" / "page") == site


def test_oss_compresses_whatever_is_worth_it(site: dict[str, SiteFile]) -> None:
    assert {file.content_type.partition(";")[0] for file in site.values()} <= COMPRESSED


def test_browsers_keep_what_has_its_hash_in_its_name_and_nothing_else(site: dict[str, SiteFile]) -> None:
    kept = {key for key, file in site.items() if file.cache_control == "public, max-age=31536000, immutable"}
    assert kept == {key for key in site if without_hash(key) != key}
    assert {file.cache_control for key, file in site.items() if key not in kept} == {"no-cache"}


def test_a_page_of_ones_own_keeps_what_it_loads_in_other_ways(tmp_path: Path) -> None:
    web = own_page(
        tmp_path,
        index_html='<link rel="stylesheet" href="look.css"><script type="module" src="own.js"></script>',
        look_css="body { background: url(back.svg) }",
        own_js='import { one } from "./part.js"; console.log(one);',
        part_js="export const one = 1;",
        other_html='<script src="classic.js"></script><script type="module" src="https://example.com/a.js"></script>',
        classic_js="// import('./part.js')",
    )
    site = publish(web)
    assert {key for key in site if not key.endswith(".map")} == {
        *("index.html", "other.html", "config.json", "classic.js", "own.js", "part.js", "look.css"),
        *loaded_at_once(site),
    }
    look, own = loaded_at_once(site)
    assert site[look].content.startswith(b"body{background:url(back.svg)}")
    assert site[own].content.startswith(b"console.log(1);")
    assert site["other.html"].content == (web / "other.html").read_bytes()


def test_json_that_modules_load_has_no_blanks(tmp_path: Path) -> None:
    text, other = '{\n    "a": "b  \u00fc",\n    "c": [1, 2]\n}\n', '{ "d": 1 }'
    script = 'for (const each of ["./texts.json", "./odd.json"]) fetch(new URL(each, import.meta.url));'
    web = own_page(tmp_path, own_js=script, texts_json=text, other_json=other, odd_json="{ no JSON }")
    (web / "index.html").write_text(f'<meta content="{PLACEHOLDER}"><script type="module" src="own.js"></script>')
    site = publish(web)
    assert [site[f"{name}.json"].content.decode() for name in ("texts", "other", "odd")] == [
        '{"a":"b  \u00fc","c":[1,2]}',
        other,
        "{ no JSON }",
    ]


def test_html_below_the_page_refers_to_what_was_made(tmp_path: Path) -> None:
    web = own_page(tmp_path, own_js="console.log(1);")
    (web / "sub").mkdir()
    (web / "sub" / "a.html").write_text('<script type="module" src="../own.js"></script>', encoding="utf-8")
    site = publish(web)
    [own] = [key for key in site if key.endswith(".js")]
    assert site["sub/a.html"].content.decode() == f'<script type="module" src="../{own}"></script>'


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({"own_js": "let a =\n= 1;"}, 'own.js, line 2: Unexpected "="'),
        ({"own_js": 'import "./gone.js";'}, 'own.js, line 1: Could not resolve "./gone.js"'),
        (
            {
                "own_js": 'import("./selection.js").then(({ a }) => a); import("./list.js");',
                "element_js": "",
                "selection_js": "export const a = 1;",
                "list_js": "export const a = 1;",
            },
            "list.js and selection.js both export a: rename one",
        ),
    ],
)
def test_what_cannot_be_minified_is_told(tmp_path: Path, files: dict[str, str], fault: str) -> None:
    web = own_page(tmp_path, index_html='<script type="module" src="own.js"></script>', **files)
    with pytest.raises(ValueError, match=r"^The page cannot be minified: ") as refused:
        publish(web)
    assert str(refused.value).removeprefix("The page cannot be minified: ") == fault


def test_without_esbuild_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minifier, "ESBUILD", tmp_path / "esbuild")
    with pytest.raises(ValueError, match=r"esbuild, which are missing\. To install both: make build$"):
        publish(WEB)


@pytest.mark.parametrize("address", ["../private.js", "./.private.js", "../settings.json"])
def test_only_what_is_published_anyway_gets_into_the_page(tmp_path: Path, address: str) -> None:
    web = tmp_path / "web"
    web.mkdir()
    (web / address).write_text("{}" if address.endswith("json") else "export default 'ours alone'")
    own_page(
        web,
        index_html='<script type="module" src="own.js"></script>',
        own_js=f'import what from "{address}"; alert(what);',
    )
    with pytest.raises(ValueError, match=r", which is not among the files that are published: ") as refused:
        publish(web)
    assert address.removeprefix("./") in str(refused.value)
