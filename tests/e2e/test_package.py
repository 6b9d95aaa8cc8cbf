"""The npm package, from its tarball in an empty project: <oss-upload> in a form under a strict policy, and the uploader."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from localcloud.dev.cloud import ROOT, Cloud, CloudOptions
from localcloud.dev.site import Site
from localcloud.oss.cors import CorsRule
from support import npm_package
from support.page_steps import isolate

pytestmark = pytest.mark.node_modules

MODULES = [
    "abort",
    "attributes",
    "bandwidth",
    "claims",
    "counted-link",
    "crc64",
    "download",
    "drop",
    "duplicates",
    "element",
    "events",
    "failure-report",
    "faults",
    "files",
    "form-control",
    "form-lifetime",
    "forms",
    "found-files",
    "icons",
    "list",
    "list-filter",
    "look",
    "messages",
    "multipart",
    "oss",
    "outages",
    "owner-details",
    "package",
    "question",
    "queue",
    "reader",
    "receipt",
    "request",
    "resume",
    "resume-offers",
    "retry",
    "rows",
    "selection",
    "signer",
    "states",
    "storage",
    "style",
    "summary",
    "template",
    "thumbnails",
    "uploader",
    "view",
    "waiting",
    "wake-lock",
    "wording",
]

TYPED = """
import { createQueue, Signer, Upload, type Fault } from "oss-direct-upload";
import { OssUpload } from "oss-direct-upload/element";

const element: OssUpload | null = document.querySelector("oss-upload");
const keys: string[] = element?.value ?? [];
const fault: Fault | null | undefined = element?.fault;
const queue = createQueue(new Signer("https://sign.example.com", "token"), ({ state }: Upload) => console.log(state));
queue.add(new Upload(new File([], "a")));
// @ts-expect-error: a queue takes uploads
queue.add("a");
console.log(keys, fault);
"""

POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self' {function} {upload}; img-src data: blob:; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)

A_FILE = FilePayload(name="a.txt", mimeType="text/plain", buffer=b"a.txt")


@pytest.fixture(scope="module")
def tarball() -> Path:
    return npm_package.pack()


@pytest.fixture(scope="module")
def project(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Provides a folder in which it is installed, and nothing else."""
    folder = tmp_path_factory.mktemp("project")
    npm_package.install(tarball, folder)
    return folder


@pytest.fixture
def site(project: Path) -> Iterator[Site]:
    with Site(time.time, project, lambda: ("", "")) as site:
        yield site


@pytest.fixture
def cloud(tmp_path: Path, site: Site) -> Iterator[Cloud]:
    with Cloud(tmp_path / "files", CloudOptions(settings={"ALLOWED_ORIGINS": site.url})) as cloud:
        cloud.bucket.cors_rules.append(CorsRule((site.url,), ("POST",)))
        yield cloud
    cloud.check()


def keys(cloud: Cloud) -> list[str]:
    return [each.key for each in cloud.bucket.objects()]


def open_example(page: Page, cloud: Cloud, site: Site, project: Path) -> Page:
    """Opens examples/element, with a policy."""
    html = (ROOT / "examples" / "element" / "index.html").read_text(encoding="utf-8")
    policy = POLICY.format(function=cloud.gateway.url, upload=cloud.oss.url)
    html = html.replace("ADDRESS", cloud.gateway.url)
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    (project / "index.html").write_text(html.replace("<head>", f"<head>{meta}"), encoding="utf-8")
    shutil.copy(ROOT / "examples" / "element" / "form.js", project)
    page.goto(site.url)
    expect(page.locator("#rules")).not_to_be_empty()
    return page


def test_the_tarball_has_what_browsers_and_editors_need_and_nothing_else(tarball: Path) -> None:
    others = {"LICENSE", "README.md", "package.json", "owner-explanations.json"}
    code = {f"{name}.js" for name in MODULES} | {f"types/{name}.d.ts" for name in {*MODULES, "types"}}
    messages = (ROOT / "web" / "messages.js").read_text(encoding="utf-8")
    languages = set(re.findall(r'new URL\("\./(\S+)", import\.meta\.url\)', messages))
    assert npm_package.read_contents(tarball) == others | code | languages


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("notes.js", "web/notes.js would be packed, and no module of the package loads it. Move it out of web/.\n"),
        ("notes.md", "TypeScript is missing, which makes the types. Run tools/setup.sh deploy, then this again.\n"),
    ],
)
def test_what_stops_packing_is_told_in_one_line(tmp_path: Path, file: str, said: str) -> None:
    for name in ("web", "tools"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "web" / file).write_text("// A developer's own.", encoding="utf-8")
    done = subprocess.run(
        ["node", "tools/npm_types.mjs", "make"],  # noqa: S607
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, said)


def test_its_files_are_those_of_the_checkout_and_those_that_the_pages_own_tests_load(project: Path) -> None:
    package, own = project / "node_modules" / "oss-direct-upload", npm_package.unpack() / "web"
    names = [path.name for path in package.iterdir() if path.name not in ("LICENSE", "types")]
    different = [
        name for name in names if len({(folder / name).read_bytes() for folder in (package, own, ROOT / "web")}) > 1
    ]
    assert different == []


def test_its_types_are_those_of_the_code(project: Path) -> None:
    (project / "use.ts").write_text(TYPED, encoding="utf-8")
    compiler = ROOT / "node_modules" / "typescript" / "bin" / "tsc"
    options = (
        "--noEmit --strict --module esnext --moduleResolution bundler --target es2022 --lib es2022,dom,dom.iterable"
    )
    done = subprocess.run(  # noqa: S603
        ["node", compiler, *options.split(), "use.ts"],  # noqa: S607
        cwd=project,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_a_server_that_renders_pages_can_import_both(project: Path) -> None:
    script = """
        const { Signer } = await import("oss-direct-upload");
        const { OssUpload } = await import("oss-direct-upload/element");
        console.log(Signer.name, OssUpload.name);
    """
    done = subprocess.run(  # noqa: S603
        ["node", "--input-type=module", "--eval", script],  # noqa: S607
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stderr, done.stdout) == ("", "Signer OssUpload\n")


def test_in_a_form_the_stored_keys_are_its_value(page: Page, cloud: Cloud, site: Site, project: Path) -> None:
    open_example(page, cloud, site, project)
    cloud.faults.oss_stall_at = 0
    page.get_by_role("button", name="Send").click()
    valid = "(element) => [element.checkValidity(), element.validationMessage]"
    element = page.locator("oss-upload")
    assert element.evaluate(valid) == [False, "Upload at least one file."]
    page.set_input_files("#files", A_FILE)
    expect(page.locator(".finishing")).to_have_count(1)
    assert element.evaluate(valid) == [False, "Wait until all files are uploaded, or cancel them."]
    cloud.faults.oss_stall_at = -1
    page.get_by_role("button", name=f"Cancel {isolate('a.txt')}").click()
    page.get_by_role("button", name=f"Try again: {isolate('a.txt')}").click()
    expect(page.locator("li.done")).to_have_count(1)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("output")).to_have_text(keys(cloud)[0])
    element.evaluate("(element) => element.form.reset()")
    expect(page.locator("li")).to_have_count(0)
    assert element.evaluate("(element) => [...new FormData(element.form).keys()]") == []
    element.evaluate("(element) => { element.disabled = true; }")
    expect(page.locator("#drop")).to_have_css("opacity", "0.6")


def test_files_that_cannot_be_compared_are_both_sent(
    page: Page, cloud: Cloud, site: Site, project: Path, tmp_path: Path
) -> None:
    """The page was loaded, and what compares files cannot be loaded now."""
    page.route("**/duplicates.js", lambda route: route.abort())
    open_example(page, cloud, site, project)
    path = tmp_path / "a.txt"
    path.write_text("a")
    for _ in range(2):
        page.set_input_files("#files", path)
    expect(page.locator("#summary")).to_have_text("All 2 files uploaded")


def test_without_a_question_or_a_clipboard_buttons_do_what_they_can(
    page: Page, cloud: Cloud, site: Site, project: Path
) -> None:
    for name in ("question", "receipt"):
        page.route(f"**/{name}.js", lambda route: route.abort())
    open_example(page, cloud, site, project)
    page.set_input_files("#files", A_FILE)
    page.get_by_role("button", name="Copy list").click()
    page.wait_for_function("() => getSelection().type === 'Range'")
    cloud.faults.oss_stall_at = 0
    files = [FilePayload(name=f"{number}.txt", mimeType="text/plain", buffer=b"x") for number in range(21)]
    page.set_input_files("#files", files)
    expect(page.locator(".finishing")).to_have_count(4)
    page.get_by_role("button", name="Cancel all").click()
    expect(page.locator(".cancelled")).to_have_count(21)


def test_a_filter_that_is_loaded_when_all_is_done_shows_what_there_is(
    page: Page, cloud: Cloud, site: Site, project: Path
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/list-filter.js", hold)
    open_example(page, cloud, site, project)
    names = {"a.html": "text/html"} | {f"{number}.txt": "text/plain" for number in range(10)}
    page.set_input_files("#files", [FilePayload(name=name, mimeType=kind, buffer=b"x") for name, kind in names.items()])
    expect(page.locator("#alert-announcer")).to_contain_text("a.html")
    expect(page.locator("#summary")).to_have_text("10 of 11 files uploaded · 1 failed")
    held[0].continue_()
    expect(page.locator("#filter button:visible")).to_have_text(["All 11", "Failed 1", "Uploaded 10"])


def test_what_happens_is_reported_by_events(page: Page, cloud: Cloud, site: Site, project: Path) -> None:
    open_example(page, cloud, site, project)
    element = page.locator("oss-upload")
    element.evaluate("""(element) => {
        window.seen = [];
        for (const name of ["added", "stored", "failed", "done"]) {
            const names = (uploads) => (uploads ?? []).map((upload) => upload.name);
            element.addEventListener(name, ({ detail: { upload, uploads, stored, failed } }) =>
                window.seen.push([name, upload?.name ?? names(uploads), names(stored), names(failed)]));
        }
        element.addEventListener("progress", ({ detail }) => { window.progress = detail; });
    }""")
    added = element.evaluate("""async (element) => {
        const files = [new File(["a"], "a.txt", { type: "text/plain" }), new File(["<p>"], "a.html", { type: "text/html" })];
        return (await element.addFiles(files)).map((upload) => upload.name);
    }""")
    expect(page.locator("li.done")).to_have_count(1)
    assert added == ["a.txt", "a.html"]
    page.evaluate("""async () => {
        while (window.seen.at(-1)[0] !== "done" || window.progress?.open !== 0) await new Promise(requestAnimationFrame);
    }""")
    assert page.evaluate("window.seen") == [
        ["added", ["a.txt", "a.html"], [], []],
        ["failed", "a.html", [], []],
        ["stored", "a.txt", [], []],
        ["done", [], ["a.txt"], ["a.html"]],
    ]
    assert page.evaluate("[window.progress.share, window.progress.sent]") == [1, 1]
    assert element.evaluate("(element) => element.value") == keys(cloud)


def test_an_element_is_collected_after_its_last_upload_unless_it_is_put_back(
    page: Page, cloud: Cloud, site: Site, project: Path
) -> None:
    open_example(page, cloud, site, project)
    states = page.evaluate("""async () => {
        const element = document.createElement("oss-upload");
        element.function = document.querySelector("oss-upload").function;
        document.body.append(element);
        element.remove();
        document.body.append(element);
        const done = () => new Promise((resolve) => element.addEventListener("done", resolve, { once: true }));
        const [upload, removed] = await element.addFiles([new File(["a"], "a.txt"), new File(["b"], "b.txt")]);
        element.removeUpload(removed);
        await done();
        const { queue } = element;
        const states = ["retry", "pause", "cancel", "removeUpload"].map((act) => {
            element[act](removed);
            return [...queue.uploads, removed].map(({ state }) => state);
        });
        element.remove();
        window.parts = [element, queue, upload].map((part) => new WeakRef(part));
        return states;
    }""")
    assert states == [["done", "cancelled"]] * 4
    devtools = page.context.new_cdp_session(page)
    kept = ["not looked at yet"]
    for _ in range(100):
        devtools.send("HeapProfiler.collectGarbage")
        kept = page.evaluate("window.parts.flatMap((part) => part.deref()?.constructor.name ?? [])")
        if not kept:
            break
    devtools.detach()
    assert kept == []


def test_several_elements_have_lists_and_languages_of_their_own(
    page: Page, cloud: Cloud, site: Site, project: Path
) -> None:
    open_example(page, cloud, site, project)
    page.evaluate("""() => {
        const other = document.createElement("oss-upload");
        Object.assign(other, { id: "other", lang: "zh-CN", function: document.querySelector("oss-upload").function });
        other.maxFiles = 1;
        other.accept = ".txt";
        document.body.append(other);
    }""")
    first, other = page.locator("#attachments"), page.locator("#other")
    expect(other.locator("#rules")).to_have_text("TXT · 单个文件不超过 100 MB · 最多 1 个文件")
    other.locator("#files").set_input_files(
        [A_FILE, FilePayload(name=f"{'b' * 250}.png", mimeType="image/png", buffer=b"b")]
    )
    expect(other.locator("li.done .status")).to_have_text("5字节 · 已上传")
    expect(other.locator("li.failed .status")).to_have_text("1字节 · 文件过多，一次最多选择 1 个。")
    page.evaluate("document.querySelector('#other').lang = 'ar'")
    expect(other.locator("#uploader")).to_have_attribute("dir", "rtl")
    expect(other.locator("li.done .status")).to_have_text("5 بايت · تم الرفع")
    expect(first.locator("#uploader")).to_have_attribute("dir", "ltr")
    assert first.locator("li").count() == 0
    page.evaluate("""() => {
        const around = document.createElement("div");
        around.lang = "de";
        around.attachShadow({ mode: "open" }).append(document.createElement("fieldset"));
        around.shadowRoot.firstChild.append(document.querySelector("#other"));
        document.querySelector("oss-upload").before(around);
        around.shadowRoot.querySelector("oss-upload").removeAttribute("lang");
        Object.assign(document.body.style, { margin: 0, whiteSpace: "nowrap", textTransform: "uppercase" });
    }""")
    # The words of the page around, and not its capitals; no wider than the room that it has, whatever names files have.
    expect(other.locator("li.done .status")).to_have_text("5 Byte · Hochgeladen")
    assert other.locator("li.done bdi").evaluate("(name) => name.innerText") == "a.txt"
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    # What changes around it later counts, too.
    page.evaluate("document.querySelector('div[lang]').lang = 'fr'")
    expect(other.locator("li.done .status")).to_have_text("5 octets · Envoyé")
    page.evaluate("""() => {
        document.querySelector("div[lang]").removeAttribute("lang");
        document.documentElement.lang = "es";
    }""")
    expect(other.locator("li.done .status")).to_have_text("5 bytes · Subido")
    expect(first.locator("#invitation")).to_have_text("Arrastre aquí archivos o carpetas, o péguelos")
    # A menu of the page around is above the summary, which stays in view above the rows.
    assert page.evaluate("""() => {
        const menu = document.createElement("menu");
        menu.style = "position: fixed; inset: 0; z-index: 1";
        document.body.prepend(menu);
        const { x, y } = document.querySelector("div").shadowRoot.querySelector("oss-upload").shadowRoot
            .querySelector("#total").getBoundingClientRect();
        return document.elementFromPoint(x + 9, y + 9) === menu;
    }""")
    # Another document has style sheets of its own.
    looks = page.evaluate("""() => {
        const other = document.querySelector("div").shadowRoot.querySelector("oss-upload");
        const places = ["#drop", "li"].map((name) => other.shadowRoot.querySelector(name));
        const look = () => places.map((place) => getComputedStyle(place).display);
        const frame = document.body.appendChild(document.createElement("iframe"));
        const before = look();
        frame.contentDocument.body.append(other);
        const inFrame = look();
        document.body.append(frame.contentDocument.adoptNode(other));
        return [before, inFrame, look()];
    }""")
    assert looks == [["grid", "flex"]] * 3


def test_the_uploader_in_a_page_of_ones_own(page: Page, cloud: Cloud, site: Site, project: Path) -> None:
    html = (ROOT / "examples" / "drop-in.html").read_text(encoding="utf-8")
    (project / "index.html").write_text(html.replace("ADDRESS", cloud.gateway.url), encoding="utf-8")
    page.goto(site.url)
    page.set_input_files("input", A_FILE)
    expect(page.locator("output")).to_contain_text("a.txt: done uploads/anonymous/")
    assert [each.path.read_bytes() for each in cloud.bucket.objects()] == [b"a.txt"]
