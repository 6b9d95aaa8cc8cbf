// A file in parts with a simulated function, storage and clock: no page, no network, no waiting.

import { File } from "node:buffer";
import { webcrypto } from "node:crypto";
import { crc64 } from "../../web/crc64.js";
import { Upload } from "../../web/files.js";
import { MultipartUploader } from "../../web/multipart.js";
import { clock, settle } from "./clock.js";

globalThis.crypto ??= webcrypto; // Node 18 has it in node:crypto alone

export const ID = "0f8fad5b-d9cb-469f-a165-70867728950e";
export const SIZE = 10; // bytes of a part
export const FACT = { key: `u/${ID}`, size: 95, content_type: "video/mp4", etag: "E", filename: "film.mp4" };

/** What the file holds: its parts can be distinguished. */
export const letters = (count) =>
    Array.from({ length: count }, (_, at) => String.fromCharCode(97 + Math.floor(at / SIZE))).join("");

/** In decimal, as the storage writes it. */
export const sumOf = (text) => `${crc64(new TextEncoder().encode(text))}`;

/** A function that answers at once, and a storage that takes a part when the test says so, or at once. */
export function world({
    size = 95,
    byHand = false,
    isOnline = () => true,
    said = { stored: FACT },
    slot,
    sums = false,
} = {}) {
    const time = clock();
    const asked = [];
    const puts = [];
    const there = new Map();
    const previousUploads = new Map();
    const fail = []; // of the next requests: [path or part's number, fault, what happens before]
    const film = new File([letters(size)], "film.mp4", { type: "video/mp4", lastModified: 7 });
    const upload = new Upload(film);
    const file = { filename: "trip/film.mp4", size, content_type: "video/mp4", ...(slot ? { slot } : { id: ID }) };
    let tickets = 0;
    let round = 0;
    const due = (what) => {
        const at = fail.findIndex(([each]) => each === what);
        if (at >= 0) {
            const [[, fault, before]] = fail.splice(at, 1);
            before?.();
            throw fault;
        }
    };
    const answers = {
        "/multipart": () => ({
            ticket: "t0",
            key: FACT.key,
            part_size: SIZE,
            parts: Math.ceil(size / SIZE),
            expires_at: "",
        }),
        "/multipart/parts": ({ parts }) => {
            round += 1;
            tickets += 1;
            return { parts: parts.map((number) => ({ number, url: `${round}/${number}` })), ticket: `t${tickets}` };
        },
        "/multipart/list": () => ({
            parts: [...there].map(([number, part]) => ({
                number,
                size: part.length,
                ...(sums && { crc64: sumOf(part) }),
            })),
            ticket: "tl",
        }),
        "/multipart/complete": () => said,
        "/multipart/abort": () => ({}),
    };
    const multipart = new MultipartUploader({
        previousUploads,
        isOnline,
        setTimer: time.setTimer,
        random: () => 1,
        request: async (path, body, signal) => {
            asked.push([path, body]);
            due(path);
            signal?.throwIfAborted();
            return answers[path](body);
        },
        put: async (url, part, progress, signal) => {
            const number = Number(url.split("/")[1]);
            const text = await part.text();
            signal.throwIfAborted();
            const end = byHand
                ? new Promise((resolve, reject) => {
                      signal.addEventListener("abort", () => reject(signal.reason));
                      puts.push({ url, text, type: part.type, progress, resolve, reject });
                  })
                : puts.push({ url, text, type: part.type });
            due(number);
            await end;
            progress(part.size);
            there.set(number, text);
            return sums ? BigInt(sumOf(text)) : undefined;
        },
    });
    const controller = new AbortController();
    const seen = [];
    const begin = () => multipart.create(file, controller.signal, ID);
    const send = (begun) => multipart.upload(begun, upload, (bytes) => seen.push(bytes), controller.signal);
    return {
        ...{ multipart, time, asked, puts, there, previousUploads, fail, upload, seen, controller, begin, send },
        run: async () => send(await begin()),
        steps: () => asked.map(([path]) => path.replace("/multipart", "")),
        whole: () =>
            [...there]
                .sort(([a], [b]) => a - b)
                .map(([, text]) => text)
                .join("") === letters(size),
    };
}

/** Lets what awaits several things in turn go on. */
export const idle = async () => {
    for (let turn = 0; turn < 20; turn += 1) {
        await settle();
    }
};
