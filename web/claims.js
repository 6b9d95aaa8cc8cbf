// What a token says of itself, unverified: the function verifies it, and names the subject of valid ones only.

/** Returns nothing of what is no token. @param {string | null} [token] @returns {{ sub?: string, jti?: string, max_files?: number }} */
export function readClaims(token) {
    try {
        const text = atob((token ?? "").split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
        const bytes = Uint8Array.from(text, (each) => each.charCodeAt(0));
        return JSON.parse(new TextDecoder().decode(bytes)) ?? {};
    } catch {
        return {};
    }
}

/** Identifies a counted link; empty for every other token. @param {string | null} [token] */
export function readLink(token) {
    const { jti, max_files } = readClaims(token);
    return max_files ? `${jti}` : "";
}
