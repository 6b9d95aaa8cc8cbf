// The token of an upload link: in the address's fragment, which browsers send to nobody.

const KEPT = "token";

/**
 * The link's token. It is taken out of the address bar, and kept for this tab alone, so that a reload does not lose it.
 *
 * @returns {string | null}
 */
export function linkToken() {
    const sent = new URLSearchParams(location.hash.slice(1)).get("token");
    if (sent) {
        sessionStorage.setItem(KEPT, sent);
        history.replaceState(null, "", location.pathname + location.search);
    }
    return sessionStorage.getItem(KEPT);
}
