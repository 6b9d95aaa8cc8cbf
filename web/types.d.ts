// What the modules hand to each other. For the type checker and for readers: no browser loads this.

import type { Fault, Upload } from "./queue.js";

/** What is asked of the function for one file. `id`: a UUID; with the same id nothing is stored twice. */
export type Wanted = { filename: string; size: number; content_type: string; id: string };

/** A signed form: `fields` in the order in which to post them, `key` where the file will be. */
export type Form = { url: string; fields: Record<string, string>; key: string };

/** How storing ended. `unreported`: it is stored, but the site was not told; `answer`: what a callback said. */
export type Stored = { state?: "done" | "unreported"; fault?: Fault; answer?: string; fact?: Fact };

/** What our callback function has found in the bucket. */
export type Fact = { filename: string; size: number };

/** What the function allows: sizes in bytes. */
export type Limits = { max_size: number; content_types: string[]; auth: "none" | "jwt" };

/** `name` has the folders in it: `trip/day 1/cat.png`. */
/** `unreadable`: a browser could not get at it, or at a folder of that name. */
export type Found = { file: File; name: string; unreadable?: boolean };

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

export type Open = "waiting" | "signing" | "sending" | "finishing" | "retrying";
export type State = Open | "done" | "unreported" | "failed" | "cancelled";

/** All of these reject with a Fault, or with what the signal was aborted for. */
export type Sign = (wanted: Wanted, signal: AbortSignal) => Promise<Form>;
export type Post = (form: Form, file: Blob, sent: (bytes: number) => void, signal: AbortSignal) => Promise<Stored>;

export type QueueOptions = {
    sign: Sign;
    post: Post;
    /** Is called whenever something of an upload has changed. */
    changed: (upload: Upload) => void;
    /** How many are on their way at once: 4, at most 6. */
    parallel?: number;
    /** From 0 to 1. */
    random?: () => number;
    /** Milliseconds. */
    now?: () => number;
    /** Sets a timer; what it returns stops it. */
    after?: (milliseconds: number, then: () => void) => () => void;
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
    Record<"copy" | "again" | "away", HTMLButtonElement> & { bar: HTMLProgressElement };
