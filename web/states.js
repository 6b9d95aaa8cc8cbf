// Which states of a file mean that it is still to come, stored or failed.

/** @type {State[]} */
export const OPEN = ["waiting", "signing", "sending", "finishing", "retrying", "paused"];

/** @type {State[]} */
export const STORED = ["done", "unreported"];

/** @type {State[]} */
export const FAILED = ["failed", "unconfirmed"];
