// What the modules hand to each other. For the type checker and for readers: no browser loads this.

import type { Fault, Upload } from "./queue.js";

/** What is asked of the function for one file. `id`: a UUID; with the same id nothing is stored twice. */
export type Wanted = { filename: string; size: number; content_type: string; id: string };

/** A signed form: `fields` in the order in which to post them, `key` where the file will be. */
/** `life`: seconds from its signing until it ends. */
export type Form = { url: string; fields: Record<string, string>; key: string; life?: number };

/** An upload in parts, begun: `missing` are the numbers of those to send, `sent` the bytes that are there. */
export type Begun = {
    record: Unfinished;
    key: string;
    sent: number;
    missing: number[];
    fields?: undefined;
    life?: undefined;
};

/** What the browser keeps of it until it is whole: the ticket with what it is for, and by what the file is known again. */
export type Unfinished = {
    id: string;
    ticket: string;
    key: string;
    part_size: number;
    parts: number;
    name: string;
    size: number;
    lastModified?: number;
    print?: number;
};

/** How storing ended. `unreported`: it is stored, but the site was not told; `answer`: what a callback said. */
export type Stored = { state?: "done" | "unreported"; fault?: Fault; answer?: string; fact?: Fact };

/** What our callback function has found in the bucket. */
export type Fact = { filename: string; size: number };

/** What the function allows: sizes in bytes. */
export type Limits = {
    max_size: number;
    content_types: string[];
    /** By what files can be chosen: types and extensions; empty where any file can be. */
    accept: string[];
    auth: "none" | "jwt";
    /** Whose token has asked. */
    subject?: string;
    /** Seconds that a small file's form lives. */
    expires_in?: number;
    /** From which on a file is sent in parts. */
    multipart_threshold?: number;
};

/** `name` has the folders in it: `trip/day 1/cat.png`. */
/** `unreadable`: a browser could not get at it, or at a folder of that name. `isEmpty`: a folder of that name has nothing in it. */
export type Found = { file: File; name: string; unreadable?: boolean; isEmpty?: boolean };

/** What the function or the storage said of a fault, for the site's owner. `retryAfter`: seconds; `limit`: bytes, or files. */
export type Detail = {
    status?: number;
    code?: string;
    /** The storage's number of the error, such as `0006-00000213`. */
    ec?: string;
    message?: string;
    requestId?: string;
    retryAfter?: number;
    limit?: number;
};

export type Open = "waiting" | "signing" | "sending" | "finishing" | "retrying" | "paused";
export type State = Open | "done" | "unreported" | "failed" | "cancelled";

/** What does what a try asks for. */
export type Service = "function" | "storage";

/** One try of a file. Milliseconds are on the queue's clock. */
export type Attempt = {
    upload: Upload;
    /** Files that it counts as. */
    lanes: number;
    begin: number;
    /** When its bytes began to go: Infinity before. */
    sending: number;
    /** Milliseconds that its form lives. */
    life: number;
    /** Whether it has had the line to itself. */
    isAlone: boolean;
    /** Bytes that were there when it began, and bytes handed over since. */
    sent: number;
    moved: number;
};

/** A service does not work, or the whole page may not use it. `until`: when one file tries it; `least`: before that nobody
 *  may, whatever gets through; `tries`: that have failed. */
export type Outage = { fault: Fault; service: Service; until: number; least: number; tries: number };

/** All of these reject with a Fault, or with what the signal was aborted for. */
export type Sign<Signed = Form> = (wanted: Wanted, signal: AbortSignal) => Promise<Signed>;
export type Post<Signed = Form> = (
    form: Signed,
    upload: Upload,
    sent: (bytes: number) => void,
    signal: AbortSignal,
) => Promise<Stored>;
/** Rejects unless a file is as it was when it was chosen. */
export type Look = (upload: Upload, alive: () => void, signal: AbortSignal) => Promise<void>;
export type Put = (url: string, part: Blob, sent: (bytes: number) => void, signal: AbortSignal) => Promise<void>;

export type QueueOptions = {
    /** `alive` is called while it goes on. */
    sign: (...asked: [...Parameters<Sign>, upload: Upload, alive: () => void]) => Promise<Form | Begun>;
    post: Post<Form | Begun>;
    /** Is called whenever something of an upload has changed. */
    changed: (upload: Upload) => void;
    /** How many are on their way at once: 4, at most 6. */
    parallel?: number;
    /** How many files this one counts as. */
    lanes?: (upload: Upload) => number;
    /** Seconds that its form will live. */
    life?: (upload: Upload) => number;
    /** Is called of what was begun and will not be gone on with. */
    dropped?: (upload: Upload) => void;
    /** From 0 to 1. */
    random?: () => number;
    /** Milliseconds. */
    now?: () => number;
    /** Sets a timer; what it returns stops it. */
    after?: (milliseconds: number, then: () => void) => () => void;
};

/** As of a queue. */
export type PartsOptions = {
    ask: import("./uploader.js").Signer["ask"];
    put?: Put;
    /** What the names begin with under which the browser keeps what is unfinished. */
    shelf?: string;
    unfinished?: import("./resume.js").UnfinishedUploads;
    isOnline?: () => boolean;
    random?: QueueOptions["random"];
    after?: QueueOptions["after"];
};

/** `config.json`: the function's address, and what a team may change of the page. */
export type Config = {
    function: string;
    title?: string;
    /** An address of the page's own, or `data:`. */
    logo?: string;
    /** `#rrggbb` */
    accent?: string;
    footer?: string;
    /** How many files may be listed. */
    max_files?: number;
};

/** The parts of a file's line on the page that change. */
export type Row = Record<"line" | "thumb" | "status" | "stored" | "answer", HTMLElement> &
    Record<"copy" | "hold" | "again" | "away", HTMLButtonElement> & { bar: HTMLProgressElement };
