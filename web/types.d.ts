// The types of the page, known in all of its modules. For the type checker and for readers: no browser loads this.

type MultipartUploader = import("./multipart.js").MultipartUploader;
type PreviousUploads = import("./resume.js").PreviousUploads;
type Queue = import("./queue.js").Queue;
type Fault = import("./faults.js").Fault;
type Totals = import("./bandwidth.js").Totals;
type Upload = import("./files.js").Upload;
type Signer = import("./signer.js").Signer;
type Slots = import("./counted-link.js").Slots;
type Translator = import("./messages.js").Translator;
type Row = import("./rows.js").Row;
type View = import("./view.js").View;
type UploadList = import("./list.js").UploadList;
type FileSelection = import("./selection.js").FileSelection;
type Reporter = import("./events.js").Reporter;
type RequestView = import("./request.js").RequestView;
type OssUpload = import("./element.js").OssUpload;

/** What markup and document.querySelector know of it. */
interface HTMLElementTagNameMap {
    "oss-upload": OssUpload;
}

/** One file in a request to the function. `id`: a UUID; with the same id nothing is stored twice; `slot`: of a counted link, instead. */
type UploadRequest = { filename: string; size: number; content_type: string; id?: string; slot?: number };

/** A signed form: `fields` in the order in which to post them, `key` where the file will be. */
type Form = {
    url: string;
    fields: Record<string, string>;
    key: string;
    lifetimeSeconds?: number;
    /** It was signed before it was needed: a new one lives longer. */
    isAhead?: boolean;
    record?: undefined;
};

/** What asks the function for forms. */
type FormSigner = Pick<Signer, "request" | "token" | "profile" | "slots" | "maxFilesPerRequest">;

/** What the queue expects for a file that is signed. */
type Outlook = {
    /** The files that follow, so many at most, as far as a form that is signed now lives until they are sent. */
    next: (count: number) => Upload[];
    /** How long the file's form must live, in milliseconds. */
    neededMs: () => number;
};

/** An upload in parts: `missing` are the numbers of the parts to send, `sent` the bytes that have arrived. */
type MultipartUpload = {
    record: PreviousUpload;
    key: string;
    sent: number;
    missing: number[];
    arrived: ArrivedPart[];
    /** It has become the object already. */
    isStored?: boolean;
    fields?: undefined;
    lifetimeSeconds?: undefined;
    isAhead?: undefined;
};

/** A part that the storage has. `crc64`: of its bytes, in decimal; older functions do not say it. */
type ArrivedPart = { number: number; size: number; crc64?: string };

/** What the browser stores of an upload in parts until it is complete: the ticket, and what identifies the file. */
type PreviousUpload = {
    id: string;
    ticket: string;
    key: string;
    part_size: number;
    parts: number;
    name: string;
    size: number;
    lastModified?: number;
    fingerprint?: string;
    /** Of a counted link. */
    slot?: number;
    /** Its completion has been requested. */
    isCompleting?: boolean;
};

/** What the callback function found in the bucket. */
type StoredObject = {
    filename: string;
    size: number;
    content_type?: string;
    /** What its first bytes are, if that is known. */
    detected_type?: string;
    /** Absent if nobody can tell. */
    type_matches?: boolean;
};

/** An address at which a file can be downloaded for a while. `expiresAt`: in milliseconds, on this device's clock. */
type Download = { url: string; expiresAt: number };

type CallbackAnswer = {
    stored?: StoredObject;
    /** It was not of its type. */
    deleted?: StoredObject;
    error?: { code?: string; message?: string; request_id?: string };
    webhook_delivered?: boolean;
    download_url?: string;
};

/** How an upload ended. `unreported`: it is stored, but the site was not notified; `answer`: what a callback answered. */
type UploadResult = {
    state?: "done" | "unreported";
    fault?: Fault;
    answer?: string;
    object?: StoredObject;
    download?: Download;
};

/** What the function allows. Sizes are in bytes. */
type Limits = {
    max_size: number;
    content_types: string[];
    /** Types and extensions for the file picker; empty if any file may be chosen. */
    accept: string[];
    auth: "none" | "jwt";
    /** Of the token. */
    subject?: string;
    /** How many forms one request may ask for. */
    max_files_per_request?: number;
    /** Seconds that a small file's form lives. */
    expires_in?: number;
    /** A file of this size or more is sent in parts. */
    multipart_threshold?: number;
    /** How many files a counted link takes. */
    max_files?: number;
    /** What a link asks for, and more about it. */
    title?: string;
    note?: string;
    /** When the link's token ends: ISO 8601. */
    token_expires_at?: string;
};

/** An upload link: a token, and which of the owner's profiles it is for. */
type Link = { token?: string | null; profile?: string };

/** A dropped or chosen file. `name` has its folders: `trip/day 1/cat.png`. */
/** What a file picker, a drop or a paste hands over. */
type ChosenItem = File | FileSystemEntry | null;

type FoundFile = {
    file: File;
    name: string;
    /** The browser could not read the file, or the folder of that name. */
    isUnreadable?: boolean;
    /** It is a folder without files. */
    isEmpty?: boolean;
};

/** What the function or the storage answered, for the site's owner. */
type Detail = {
    status?: number;
    code?: string;
    /** The storage's number of the error, such as `0006-00000213`. */
    ec?: string;
    message?: string;
    requestId?: string;
    /** Seconds. */
    retryAfter?: number;
    /** Bytes, or files. */
    limit?: number;
    /** The storage has it nevertheless. */
    isStored?: boolean;
};

type OpenState = "waiting" | "signing" | "sending" | "finishing" | "retrying" | "paused";
type State = OpenState | "done" | "unreported" | "unconfirmed" | "failed" | "cancelled";

type Service = "function" | "storage";

/** One try of a file. Times are on the queue's clock, in milliseconds. */
type Attempt = {
    upload: Upload;
    connections: number;
    begin: number;
    /** When its bytes began to go: Infinity before. */
    sending: number;
    /** Of its form. */
    lifetimeMs: number;
    /** Whether it shared the line with no other. */
    isAlone: boolean;
    /** Whether its form was signed before it was needed. */
    isAhead: boolean;
    /** Bytes that had arrived when it began. */
    sentBefore: number;
    /** Bytes handed over since. */
    moved: number;
    /** Which it waits for. */
    service: Service;
    /** How often that service had succeeded, for any file, when the attempt turned to it. */
    successes: number;
};

/** A service does not work, or the page may not use it. */
type Outage = {
    fault: Fault;
    service: Service;
    /** When one file tries it. */
    until: number;
    /** Until then no file tries it, even if others get through. */
    earliest: number;
    /** How many have failed. */
    tries: number;
};

/** These reject with a Fault, or with the signal's reason. */
type Post<Signed = Form> = (
    form: Signed,
    upload: Upload,
    onProgress: (bytes: number) => void,
    signal: AbortSignal,
) => Promise<UploadResult>;

/** What is sent to the storage: `content` is the file's bytes in the body, `sum` their CRC-64 where it is known. */
type StorageRequest = {
    method: string;
    url: string;
    body: FormData | Blob | Uint8Array<ArrayBuffer>;
    /** The body's. */
    type?: string;
    /** Of the content. */
    size: number;
    /** What is sent, unless it is a copy. */
    source?: Blob;
    /** The copy's. */
    sum?: bigint;
};

/** Resolves with the CRC-64 of what was sent, which is what has arrived. */
type Put = (
    url: string,
    part: Blob,
    onProgress: (bytes: number) => void,
    signal: AbortSignal,
) => Promise<bigint | undefined>;

type QueueOptions = {
    /** Calls `keepAlive` while it makes progress. */
    sign: (
        request: UploadRequest,
        signal: AbortSignal,
        upload: Upload,
        keepAlive: () => void,
        outlook: Outlook,
    ) => Promise<Form | MultipartUpload>;
    post: Post<Form | MultipartUpload>;
    /** Is called whenever something of an upload has changed. */
    onChange: (upload: Upload) => void;
    /** Files at once: 4, at most 6. */
    parallel?: number;
    /** How many files this one counts as. */
    connections?: (upload: Upload) => number;
    formLifetimeSeconds?: (upload: Upload) => number;
    /** Is called for an upload that will not be continued. */
    onAbandon?: (upload: Upload) => void;
    /** From 0 to 1. */
    random?: () => number;
    /** Milliseconds. */
    now?: () => number;
    /** Returns what stops the timer. */
    setTimer?: (milliseconds: number, callback: () => void) => () => void;
};

type MultipartOptions = {
    request: Signer["request"];
    put?: Put;
    /** Of the names under which the browser stores unfinished uploads. */
    storagePrefix?: string;
    previousUploads?: PreviousUploads;
    profile?: string;
    isOnline?: () => boolean;
    random?: QueueOptions["random"];
    setTimer?: QueueOptions["setTimer"];
};

/** `config.json`: the function's address, and what a team may change of the page. */
type Config = {
    function: string;
    /** Which of the owner's profiles the page is for. */
    profile?: string;
    title?: string;
    /** An address of the page's own, or `data:`. */
    logo?: string;
    /** `#rrggbb` */
    accent?: string;
    footer?: string;
    /** How many files may be listed. */
    max_files?: number;
};

/** A language: its own name for itself, its direction if it is written from right to left, and where its texts are. */
type Language = { name: string; dir?: "rtl"; url: () => URL };

/** A language's file: texts, or a text for each plural form of the language. */
type Messages = Record<string, string | Record<string, string>>;

/** The elements of index.html that have an id. */
type PageElements = Record<"title" | "link-notice" | "footer", HTMLElement> & {
    language: HTMLSelectElement;
    logo: HTMLImageElement;
};

/** The elements of <oss-upload> that have an id. */
type ViewElements = Record<
    | ("uploader" | "trouble" | "drop" | "invitation" | "folder-choice" | "rules" | "who" | "offline" | "outage")
    | ("notice" | "total" | "summary" | "causes" | "rows" | "status-announcer" | "alert-announcer"),
    HTMLElement
> &
    Record<"cancel" | "retry" | "clear", HTMLButtonElement> &
    Record<"files" | "folder", HTMLInputElement> & { bar: HTMLProgressElement };

/** What a file in the list has to fit. `maxFiles`: how many may be listed. */
type SelectionRules = { accept: string; limits: Limits | null; maxFiles?: number };

/** A button of a file's row. */
type RowButton = { action: "copy" | "pause" | "retry" | "remove"; label: string };
