/** What `default(omit)` leaves behind; whatever is equal to it is dropped. No host prints it by accident. */
export const OMIT = '\u0000omit\u0000';
