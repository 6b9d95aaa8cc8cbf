// How long forms live, as functions/sign/direct_upload/profiles.py has it.

/** The function signs forms for no slower line. */
export const MIN_BYTES_PER_SECOND = 50_000;

export const MAX_FORM_LIFETIME_SECONDS = 3000;
