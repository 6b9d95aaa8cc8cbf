// The pictures on the buttons of a row, as paths in a square of 24. Loaded with the list.

export const ICONS = {
    copy: ["M9 9h11v11H9zM5 15H4V4h11v1", "m4 13 5 5L20 7"],
    pause: ["M9 5v14m6-14v14", "m8 5 11 7-11 7z"],
    retry: ["M20 12a8 8 0 1 1-2.4-5.7L20 8.7M20 4v4.7h-4.7"],
    forget: ["M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5m4-5v5"],
};
